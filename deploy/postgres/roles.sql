-- The two roles of the gateway and its database. Run once, as a superuser, before the first `migrate`:
--
--   psql --set=ON_ERROR_STOP=1 --dbname=postgres --file=deploy/postgres/roles.sql
--
-- It may be run again: what stands is left. Then give each role a password, with \password, or a certificate.
--
-- disclosure_owner    owns the tables. Whoever has it may migrate, erase and drop. Used by hand, never by the service.
-- disclosure_gateway  what the service runs as: it owns nothing, makes nothing and deletes nothing of the log.
do $$
begin
  create role disclosure_owner login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
exception when duplicate_object or unique_violation then null;
end
$$;
do $$
begin
  create role disclosure_gateway login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
exception when duplicate_object or unique_violation then null;
end
$$;
