-- What the service may do, and nothing else. Run as disclosure_owner after every `migrate`; it may be run again:
--
--   PGHOST=… PGUSER=disclosure_owner PGDATABASE=disclosure psql --set=ON_ERROR_STOP=1 --file=deploy/postgres/grants.sql
begin;
revoke all on all tables in schema public from disclosure_gateway;
revoke all on all functions in schema public from disclosure_gateway;

-- The registry: rows are put and, where the law of the registry lets a part go, removed. Triggers hold what has ended.
grant select, insert, update on
  access_grant, adoption_plan, agreement, agreement_basis, agreement_notice, agreement_party, agreement_version,
  anomaly_decision, contact, contact_topic, data_item, data_item_qualifier, disclosure_withholding, document, entitlement,
  incident, inquiry, legal_basis, mandate_theme, mandating_right, onward_rule, onward_rule_basis, onward_rule_item,
  organisation, organisation_key, organisation_xroad, protection_statement, purpose, register, register_alternative,
  retention_rule, scope, scope_item, scope_item_basis, scope_item_mandate, scope_purpose, signature, statement_answer,
  status_entry, usage_review, webhook
to disclosure_gateway;
grant delete on
  contact_topic, data_item_qualifier, entitlement, legal_basis, organisation_key, register_alternative
to disclosure_gateway;

-- The journal and the log only grow.
grant select, insert on
  change, change_row, change_concern, disclosure, disclosure_key, interned, key_fingerprint, log_checkpoint, subject_lookup
to disclosure_gateway;
grant select, insert, update on log_tile, tally, anomaly, webhook_cursor to disclosure_gateway;
grant select, insert, delete on webhook_delivery to disclosure_gateway;
grant select, update on log_tree to disclosure_gateway;

-- What only the owner writes.
grant select on dropped_month, schema_floor, seaql_migrations to disclosure_gateway;

-- Guards of the tables call these; months are made with the owner's rights. A restored database lets everybody call them.
revoke execute on function disclosure_partition(date), disclosure_drop(date) from public;
grant execute on all functions in schema public to disclosure_gateway;
revoke execute on function disclosure_drop(date) from disclosure_gateway;
commit;
