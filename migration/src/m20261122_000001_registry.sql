-- Who: organisations, their subsystems and their keys.
create table organisation (
  id {uuid} not null primary key,
  business_id text,
  ovt_code text,
  oid text,
  name_fi text not null,
  name_sv text,
  name_en text,
  kind text not null,
  authority_status text not null,
  country text not null,
  municipality_code text,
  county_code text,
  identifier_source text not null,
  dissolved_on {day},
  successor_id {uuid} references organisation (id) deferrable initially deferred,
  constraint organisation_business_id_key unique (business_id),
  constraint organisation_kind_check check (
    kind in ('STATE_AGENCY', 'SOCIAL_INSURANCE_INSTITUTION', 'WELLBEING_COUNTY', 'MUNICIPALITY', 'JOINT_MUNICIPAL_AUTHORITY', 'ALAND_MUNICIPALITY',
    'HELSINKI_CITY', 'HUS_GROUP', 'ENFORCEMENT', 'IMMIGRATION', 'TAX', 'PENSION_INSTITUTION', 'PENSION_CENTRE', 'UNEMPLOYMENT_FUND',
    'ACCIDENT_INSURANCE_CENTRE', 'OCCUPATIONAL_SAFETY', 'RESEARCH_STATISTICS', 'COURT_OR_APPEAL_BODY', 'DATA_PROTECTION_AUTHORITY', 'ECEC_PROVIDER',
    'EDUCATION_AUTHORITY', 'GUARDIANSHIP', 'PRIVATE_BODY', 'FOREIGN_AUTHORITY')
  ),
  constraint organisation_authority_status_check check (authority_status in ('AUTHORITY', 'PUBLIC_TASK_BODY', 'PRIVATE')),
  constraint organisation_identifier_source_check check (identifier_source in ('YTJ', 'PUBLIC_SOURCE', 'MEMORY', 'SYNTHETIC')),
  {business_id:organisation.business_id},
  {free_text:organisation.name_fi name_sv name_en}
);

create table organisation_xroad (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  xroad_id text not null,
  constraint organisation_xroad_xroad_id_key unique (xroad_id)
);
create index organisation_xroad_organisation_id_idx on organisation_xroad (organisation_id);

create table organisation_key (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  kid text not null,
  jwk text not null,
  status text not null,
  proposed_by text not null,
  confirmed_by text,
  valid_from {instant} not null,
  valid_until {instant},
  constraint organisation_key_kid_key unique (kid),
  constraint organisation_key_status_check check (status in ('PROPOSED', 'CONFIRMED', 'REVOKED')),
  constraint organisation_key_confirmed_by_proposed_by_check check (confirmed_by <> proposed_by),
  constraint organisation_key_status_confirmed_by_check check (status <> 'CONFIRMED' or confirmed_by is not null),
  constraint organisation_key_valid_from_valid_until_check check (valid_until > valid_from),
  {reference:organisation_key.proposed_by confirmed_by}
);
create index organisation_key_organisation_id_idx on organisation_key (organisation_id);

-- What the law says and what data there is: purposes, provisions, registers, their items, ceilings.
create table purpose (
  id {uuid} not null primary key,
  code text not null,
  name_fi text not null,
  name_sv text,
  name_en text,
  dpv_iri text,
  constraint purpose_code_key unique (code),
  {free_text:purpose.name_fi name_sv name_en}
);

create table legal_basis (
  id {uuid} not null primary key,
  jurisdiction text not null,
  number integer not null,
  year integer not null,
  chapter text,
  section text not null,
  moment integer,
  item text,
  subitem text,
  citation text not null,
  eli text,
  title_fi text not null,
  title_sv text,
  title_en text,
  summary_fi text,
  summary_sv text,
  summary_en text,
  threshold text,
  allows_electronic boolean not null,
  overrides_secrecy boolean not null,
  informs_subject_beforehand boolean not null,
  valid_from {instant} not null,
  valid_until {instant},
  superseded_by_id {uuid} references legal_basis (id) deferrable initially deferred,
  checked_on {day} not null,
  evidence text not null,
  status text not null,
  proposed_by text not null,
  confirmed_by text,
  constraint legal_basis_citation_valid_from_key unique (citation, valid_from),
  constraint legal_basis_jurisdiction_check check (jurisdiction in ('FI', 'EU', 'AX')),
  constraint legal_basis_threshold_check check (threshold in ('NEEDED', 'NECESSARY')),
  constraint legal_basis_evidence_check check (evidence in ('PRIMARY_TEXT', 'SECONDARY', 'MEMORY')),
  constraint legal_basis_status_check check (status in ('PROPOSED', 'CONFIRMED', 'REVOKED')),
  constraint legal_basis_number_check check (number > 0),
  constraint legal_basis_year_check check (year between 1700 and 2999),
  constraint legal_basis_moment_check check (moment > 0),
  constraint legal_basis_moment_item_check check (item is null or moment is not null),
  constraint legal_basis_item_subitem_check check (subitem is null or item is not null or jurisdiction = 'EU'),
  {section:legal_basis.chapter section},
  constraint legal_basis_confirmed_by_proposed_by_check check (confirmed_by <> proposed_by),
  constraint legal_basis_status_confirmed_by_check check (status <> 'CONFIRMED' or confirmed_by is not null),
  constraint legal_basis_valid_from_valid_until_check check (valid_until > valid_from),
  {free_text:legal_basis.title_fi title_sv title_en summary_fi summary_sv summary_en},
  {reference:legal_basis.proposed_by confirmed_by}
);

create table register (
  id {uuid} not null primary key,
  code text not null,
  name_fi text not null,
  name_sv text,
  name_en text,
  controller_id {uuid} not null references organisation (id) deferrable initially deferred,
  channels text not null,
  structure_version text,
  structure_url text,
  constraint register_code_key unique (code),
  {free_text:register.name_fi name_sv name_en},
  {reference:register.structure_version structure_url}
);
create index register_controller_id_idx on register (controller_id);

create table register_alternative (
  id {uuid} not null primary key,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  kind text not null,
  guide_url text,
  constraint register_alternative_kind_check check (kind in ('CONSENT', 'PHONE_REQUEST', 'WRITTEN_REQUEST', 'INCOMES_REGISTER')),
  {reference:register_alternative.guide_url}
);
create index register_alternative_register_id_idx on register_alternative (register_id);

create table data_item_qualifier (
  id {uuid} not null primary key,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  code text not null,
  name_fi text not null,
  name_sv text,
  name_en text,
  constraint data_item_qualifier_register_id_code_key unique (register_id, code),
  {item_code:data_item_qualifier.code},
  constraint data_item_qualifier_code_segment_check check (code not like '%.%' and code not like '%@%'),
  {free_text:data_item_qualifier.name_fi name_sv name_en}
);

create table data_item (
  id {uuid} not null primary key,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  code text not null,
  name_fi text not null,
  name_sv text,
  name_en text,
  is_personal boolean not null,
  is_secret boolean not null,
  is_identity_code boolean not null,
  special_category boolean not null,
  is_public boolean not null,
  secrecy_basis_id {uuid} references legal_basis (id) deferrable initially deferred,
  valid_from {instant} not null,
  valid_until {instant},
  constraint data_item_register_id_code_key unique (register_id, code),
  {item_code:data_item.code},
  constraint data_item_code_unqualified_check check (code not like '%@%'),
  constraint data_item_valid_from_valid_until_check check (valid_until > valid_from),
  {free_text:data_item.name_fi name_sv name_en}
);
create index data_item_code_idx on data_item (code);

create table entitlement (
  id {uuid} not null primary key,
  legal_basis_id {uuid} not null references legal_basis (id) deferrable initially deferred,
  role text not null,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  recipient_kind text,
  recipient_id {uuid} references organisation (id) deferrable initially deferred,
  authority_status text,
  item_code text not null,
  purpose_id {uuid} not null references purpose (id) deferrable initially deferred,
  channel text not null,
  operation text not null,
  guide_url text,
  valid_from {instant} not null,
  valid_until {instant},
  status text not null,
  proposed_by text not null,
  confirmed_by text,
  constraint entitlement_role_check check (
    role in ('RIGHT_TO_RECEIVE', 'RIGHT_TO_DISCLOSE', 'RIGHT_TO_PROCESS', 'MODE', 'PROCEDURE', 'SECRECY_OVERRIDE', 'ONWARD', 'NECESSITY_THRESHOLD',
    'DATA_SUBJECT_RIGHT')
  ),
  constraint entitlement_recipient_kind_check check (
    recipient_kind in ('STATE_AGENCY', 'SOCIAL_INSURANCE_INSTITUTION', 'WELLBEING_COUNTY', 'MUNICIPALITY', 'JOINT_MUNICIPAL_AUTHORITY',
    'ALAND_MUNICIPALITY', 'HELSINKI_CITY', 'HUS_GROUP', 'ENFORCEMENT', 'IMMIGRATION', 'TAX', 'PENSION_INSTITUTION', 'PENSION_CENTRE',
    'UNEMPLOYMENT_FUND', 'ACCIDENT_INSURANCE_CENTRE', 'OCCUPATIONAL_SAFETY', 'RESEARCH_STATISTICS', 'COURT_OR_APPEAL_BODY',
    'DATA_PROTECTION_AUTHORITY', 'ECEC_PROVIDER', 'EDUCATION_AUTHORITY', 'GUARDIANSHIP', 'PRIVATE_BODY', 'FOREIGN_AUTHORITY')
  ),
  constraint entitlement_authority_status_check check (authority_status in ('AUTHORITY', 'PUBLIC_TASK_BODY', 'PRIVATE')),
  constraint entitlement_channel_check check (channel in ('TECHNICAL_INTERFACE', 'VIEWING_CONNECTION', 'OTHER')),
  constraint entitlement_operation_check check (operation in ('READ', 'LIST', 'NOTIFY', 'CLAIM', 'FORWARD')),
  constraint entitlement_status_check check (status in ('PROPOSED', 'CONFIRMED', 'REVOKED')),
  constraint entitlement_recipient_kind_recipient_id_check check (recipient_kind is null or recipient_id is null),
  {item_code:entitlement.item_code},
  constraint entitlement_confirmed_by_proposed_by_check check (confirmed_by <> proposed_by),
  constraint entitlement_status_confirmed_by_check check (status <> 'CONFIRMED' or confirmed_by is not null),
  constraint entitlement_valid_from_valid_until_check check (valid_until > valid_from),
  {reference:entitlement.guide_url proposed_by confirmed_by}
);
create index entitlement_legal_basis_id_idx on entitlement (legal_basis_id);
create index entitlement_register_id_idx on entitlement (register_id);

-- Mandates: the themes and who may grant them.
create table mandate_theme (
  id {uuid} not null primary key,
  code text not null,
  uri text,
  name_fi text not null,
  name_sv text,
  name_en text,
  status text not null,
  owner_id {uuid} references organisation (id) deferrable initially deferred,
  constraint mandate_theme_code_key unique (code),
  constraint mandate_theme_status_check check (status in ('IDENTIFIED', 'REQUESTED', 'DEFINED', 'ACTIVE', 'HIDDEN')),
  {free_text:mandate_theme.name_fi name_sv name_en}
);

create table mandating_right (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  mandate_theme_id {uuid} not null references mandate_theme (id) deferrable initially deferred,
  application text,
  status text not null,
  applied_on {day} not null,
  decided_on {day},
  valid_until {instant},
  constraint mandating_right_status_check check (status in ('APPLIED', 'GRANTED', 'REJECTED', 'REVOKED')),
  constraint mandating_right_status_decided_on_check check ((status = 'APPLIED') = (decided_on is null)),
  constraint mandating_right_applied_on_decided_on_check check (decided_on >= applied_on),
  {reference:mandating_right.application}
);
create index mandating_right_organisation_id_idx on mandating_right (organisation_id);

-- Agreements, what they rest on, who speaks for them and how they were signed.
create table agreement (
  id {uuid} not null primary key,
  number text not null,
  case_register_id text,
  kind text not null,
  discloser_id {uuid} not null references organisation (id) deferrable initially deferred,
  recipient_id {uuid} not null references organisation (id) deferrable initially deferred,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  status text not null,
  signed_on {day},
  starts_on {day},
  ends_on {day},
  termination_reason text,
  supersedes_id {uuid} references agreement (id) deferrable initially deferred,
  drafted_by_id {uuid} not null references organisation (id) deferrable initially deferred,
  catalogue_version integer not null,
  publicity text not null,
  version integer not null,
  content_hash text,
  constraint agreement_number_key unique (number),
  constraint agreement_kind_check check (kind in ('AGREEMENT', 'PERMIT')),
  constraint agreement_status_check check (
    status in ('REGISTERED_INCOMPLETE', 'DRAFT', 'BASIS_CONFIRMED', 'NEGOTIATION', 'SIGNED', 'ACTIVE', 'SUSPENDED', 'TERMINATED', 'SUPERSEDED',
    'REJECTED', 'WITHDRAWN')
  ),
  constraint agreement_termination_reason_check check (
    termination_reason in ('BASIS_REPEALED', 'PARTY_DISSOLVED', 'BREACH', 'MUTUAL', 'NOTICE', 'REPLACED')
  ),
  constraint agreement_publicity_check check (publicity in ('PUBLIC', 'PUBLICATION_RESTRICTED', 'SECRET')),
  constraint agreement_discloser_id_recipient_id_check check (discloser_id <> recipient_id),
  constraint agreement_starts_on_ends_on_check check (starts_on <= ends_on),
  constraint agreement_status_signed_on_check check (
    signed_on is not null or status not in ('SIGNED', 'ACTIVE', 'SUSPENDED', 'TERMINATED', 'SUPERSEDED')
  ),
  {reference:agreement.number case_register_id}
);
create index agreement_discloser_id_idx on agreement (discloser_id);
create index agreement_recipient_id_idx on agreement (recipient_id);
create index agreement_register_id_idx on agreement (register_id);

create table agreement_party (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  role text not null,
  constraint agreement_party_agreement_id_organisation_id_role_key unique (agreement_id, organisation_id, role),
  constraint agreement_party_role_check check (role in ('PROCESSOR', 'TECHNICAL_OPERATOR', 'JOINT_CONTROLLER'))
);
create index agreement_party_organisation_id_idx on agreement_party (organisation_id);

create table agreement_version (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  version integer not null,
  content text not null,
  content_hash text not null,
  constraint agreement_version_agreement_id_version_key unique (agreement_id, version)
);

create table agreement_basis (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  legal_basis_id {uuid} not null references legal_basis (id) deferrable initially deferred,
  role text not null,
  adequacy text not null,
  reviewed_by text,
  reviewed_at {instant},
  note text,
  constraint agreement_basis_agreement_id_legal_basis_id_role_key unique (agreement_id, legal_basis_id, role),
  constraint agreement_basis_role_check check (
    role in ('RIGHT_TO_RECEIVE', 'RIGHT_TO_DISCLOSE', 'RIGHT_TO_PROCESS', 'MODE', 'PROCEDURE', 'SECRECY_OVERRIDE', 'ONWARD', 'NECESSITY_THRESHOLD',
    'DATA_SUBJECT_RIGHT')
  ),
  constraint agreement_basis_adequacy_check check (adequacy in ('UNREVIEWED', 'ADEQUATE', 'DEFINITION_ONLY', 'TOO_NARROW', 'REPEALED', 'DISPUTED')),
  {free_text:agreement_basis.note},
  {reference:agreement_basis.reviewed_by}
);
create index agreement_basis_legal_basis_id_idx on agreement_basis (legal_basis_id);

create table document (
  id {uuid} not null primary key,
  title text not null,
  ordinal integer not null,
  agreement_id {uuid} references agreement (id) deferrable initially deferred,
  owner_id {uuid} not null references organisation (id) deferrable initially deferred,
  sha256 text not null,
  media_type text not null,
  publicity text not null,
  location text,
  constraint document_publicity_check check (publicity in ('PUBLIC', 'PUBLICATION_RESTRICTED', 'SECRET')),
  {free_text:document.title},
  {reference:document.location}
);
create index document_agreement_id_idx on document (agreement_id);

create table contact (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  agreement_id {uuid} references agreement (id) deferrable initially deferred,
  role text not null,
  name_fi text not null,
  name_sv text,
  name_en text,
  email text,
  phone text,
  languages text not null,
  priority integer not null,
  escalates_to_id {uuid} references contact (id) deferrable initially deferred,
  publicity text not null,
  confirmed_on {day},
  retired_on {day},
  constraint contact_role_check check (
    role in ('TECHNICAL_SUPPORT', 'DATA_EXCHANGE_DESK', 'DATA_PROTECTION_OFFICER', 'INFORMATION_SECURITY_MANAGER', 'AGREEMENT_OWNER', 'LEGAL_OFFICER',
    'MANDATE_GRANTOR', 'SYSTEM_ADMINISTRATOR', 'SUPERVISOR', 'REGISTER_CONTROLLER', 'STATISTICS_DESK')
  ),
  constraint contact_publicity_check check (publicity in ('PUBLIC', 'PUBLICATION_RESTRICTED', 'SECRET')),
  constraint contact_priority_check check (priority between 1 and 9),
  constraint contact_email_phone_check check (email is not null or phone is not null),
  constraint contact_email_check check (email like '_%@_%'),
  {free_text:contact.name_fi name_sv name_en email}
);
create index contact_organisation_id_idx on contact (organisation_id);

create table contact_topic (
  id {uuid} not null primary key,
  contact_id {uuid} not null references contact (id) deferrable initially deferred,
  topic text not null,
  constraint contact_topic_contact_id_topic_key unique (contact_id, topic),
  constraint contact_topic_topic_check check (
    topic in ('AGREEMENT', 'SERVICE_USE', 'LEGAL_BASIS', 'TECHNICAL', 'DATA_PROTECTION', 'SECURITY', 'MANDATE')
  )
);

create table signature (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  version integer not null,
  act text not null,
  content_hash text not null,
  evidence text not null,
  jws text,
  document_id {uuid} references document (id) deferrable initially deferred,
  signed_at {instant} not null,
  actor text not null,
  constraint signature_act_check check (act in ('ACCEPTED', 'SIGNED', 'REJECTED', 'REVOKED')),
  constraint signature_evidence_check check (evidence in ('JWS', 'E_SIGNATURE', 'PAPER')),
  {reference:signature.actor}
);
create index signature_agreement_id_idx on signature (agreement_id);

-- Statements on data protection.
create table protection_statement (
  id {uuid} not null primary key,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  recipient_id {uuid} not null references organisation (id) deferrable initially deferred,
  discloser_id {uuid} not null references organisation (id) deferrable initially deferred,
  channel text not null,
  required_by_id {uuid} references legal_basis (id) deferrable initially deferred,
  version integer not null,
  status text not null,
  dated_on {day},
  catalogue_version integer not null,
  recipient_collects_logs boolean not null,
  discloser_log_confirmed boolean not null,
  valid_until {instant},
  next_review_on {day},
  publicity text not null,
  decision_text text,
  constraint protection_statement_channel_check check (channel in ('TECHNICAL_INTERFACE', 'VIEWING_CONNECTION', 'OTHER')),
  constraint protection_statement_status_check check (
    status in ('DRAFT', 'SUBMITTED', 'UNDER_REVIEW', 'RETURNED', 'APPROVED', 'REJECTED', 'SUPERSEDED', 'WITHDRAWN')
  ),
  constraint protection_statement_publicity_check check (publicity in ('PUBLIC', 'PUBLICATION_RESTRICTED', 'SECRET')),
  constraint protection_statement_discloser_id_recipient_id_check check (discloser_id <> recipient_id),
  constraint protection_statement_status_dated_on_check check (dated_on is not null or status in ('DRAFT', 'WITHDRAWN')),
  {free_text:protection_statement.decision_text}
);
create index protection_statement_recipient_id_idx on protection_statement (recipient_id);

create table statement_answer (
  id {uuid} not null primary key,
  protection_statement_id {uuid} not null references protection_statement (id) deferrable initially deferred,
  question_code text not null,
  answer text not null,
  text text,
  document_id {uuid} references document (id) deferrable initially deferred,
  exception_accepted_by text,
  constraint statement_answer_protection_statement_id_question_code_key unique (protection_statement_id, question_code),
  constraint statement_answer_answer_check check (answer in ('YES', 'NO', 'PARTIAL', 'NOT_APPLICABLE')),
  {free_text:statement_answer.text},
  {reference:statement_answer.exception_accepted_by}
);

-- Scopes: what may be disclosed over which channel, in one version.
create table scope (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  channel text not null,
  version integer not null,
  regularity text not null,
  status text not null,
  necessity_check text not null,
  mode_justification text,
  mode_justification_text text,
  admission text not null,
  structure_version text,
  defined_on {day} not null,
  planned_on {day},
  retention_days integer,
  constraint scope_agreement_id_channel_version_key unique (agreement_id, channel, version),
  constraint scope_channel_check check (channel in ('TECHNICAL_INTERFACE', 'VIEWING_CONNECTION', 'OTHER')),
  constraint scope_regularity_check check (regularity in ('RECURRING_FIXED', 'AD_HOC')),
  constraint scope_status_check check (status in ('DEFINED', 'IMPLEMENTED', 'TESTED', 'OPEN', 'SUSPENDED', 'CLOSED')),
  constraint scope_necessity_check_check check (
    necessity_check in ('CASE_REFERENCE', 'CLIENT_RELATIONSHIP_CHECK', 'PENDING_MATTER_CHECK', 'CONSENT_CHECK', 'DECLARATION_WITH_SAMPLING')
  ),
  constraint scope_mode_justification_check check (mode_justification in ('TECHNICALLY_INAPPROPRIATE', 'ECONOMICALLY_INAPPROPRIATE', 'BOTH')),
  constraint scope_admission_check check (admission in ('NONE', 'MANDATE', 'GRANT')),
  {free_text:scope.mode_justification_text},
  {reference:scope.structure_version}
);
create unique index scope_agreement_id_channel_open_key on scope (agreement_id, channel) where status = 'OPEN';

create table scope_purpose (
  id {uuid} not null primary key,
  scope_id {uuid} not null references scope (id) deferrable initially deferred,
  purpose_id {uuid} not null references purpose (id) deferrable initially deferred,
  constraint scope_purpose_scope_id_purpose_id_key unique (scope_id, purpose_id)
);

create table scope_item (
  id {uuid} not null primary key,
  scope_id {uuid} not null references scope (id) deferrable initially deferred,
  item_code text not null,
  operation text not null,
  look_back_days integer,
  population text not null,
  constraint scope_item_scope_id_item_code_operation_key unique (scope_id, item_code, operation),
  constraint scope_item_operation_check check (operation in ('READ', 'LIST', 'NOTIFY', 'CLAIM', 'FORWARD')),
  constraint scope_item_population_check check (population in ('OWN_CLIENTS', 'OWN_MUNICIPALITY', 'PENDING_MATTER', 'ALL')),
  {item_code:scope_item.item_code},
  constraint scope_item_look_back_days_check check (look_back_days > 0)
);

create table scope_item_basis (
  id {uuid} not null primary key,
  scope_item_id {uuid} not null references scope_item (id) deferrable initially deferred,
  agreement_basis_id {uuid} not null references agreement_basis (id) deferrable initially deferred,
  constraint scope_item_basis_scope_item_id_agreement_basis_id_key unique (scope_item_id, agreement_basis_id)
);
create index scope_item_basis_agreement_basis_id_idx on scope_item_basis (agreement_basis_id);

create table scope_item_mandate (
  id {uuid} not null primary key,
  scope_item_id {uuid} not null references scope_item (id) deferrable initially deferred,
  mandate_theme_id {uuid} not null references mandate_theme (id) deferrable initially deferred,
  constraint scope_item_mandate_scope_item_id_mandate_theme_id_key unique (scope_item_id, mandate_theme_id)
);

-- Travel onwards, access of end users, adoption.
create table onward_rule (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  recipient_kind text not null,
  purpose_id {uuid} not null references purpose (id) deferrable initially deferred,
  threshold text,
  valid_from {instant} not null,
  valid_until {instant},
  constraint onward_rule_recipient_kind_check check (recipient_kind in ('APPLICANT', 'ECEC_PROVIDER', 'APPEAL_BODY')),
  constraint onward_rule_threshold_check check (threshold in ('NEEDED', 'NECESSARY')),
  constraint onward_rule_valid_from_valid_until_check check (valid_until > valid_from)
);
create index onward_rule_agreement_id_idx on onward_rule (agreement_id);

create table onward_rule_item (
  id {uuid} not null primary key,
  onward_rule_id {uuid} not null references onward_rule (id) deferrable initially deferred,
  item_code text not null,
  constraint onward_rule_item_onward_rule_id_item_code_key unique (onward_rule_id, item_code),
  {item_code:onward_rule_item.item_code}
);

create table onward_rule_basis (
  id {uuid} not null primary key,
  onward_rule_id {uuid} not null references onward_rule (id) deferrable initially deferred,
  agreement_basis_id {uuid} not null references agreement_basis (id) deferrable initially deferred,
  constraint onward_rule_basis_onward_rule_id_agreement_basis_id_key unique (onward_rule_id, agreement_basis_id)
);

create table access_grant (
  id {uuid} not null primary key,
  scope_id {uuid} not null references scope (id) deferrable initially deferred,
  user_pseudonym text not null,
  key_version integer not null,
  task text not null,
  decided_by text not null,
  valid_from {instant} not null,
  valid_until {instant},
  revoked_at {instant},
  revocation_reason text,
  constraint access_grant_revocation_reason_check check (revocation_reason in ('TASK_ENDED', 'JOB_CHANGE', 'EMPLOYMENT_ENDED', 'MISUSE')),
  constraint access_grant_decided_by_user_pseudonym_check check (decided_by <> user_pseudonym),
  constraint access_grant_revoked_at_revocation_reason_check check ((revoked_at is null) = (revocation_reason is null)),
  constraint access_grant_valid_from_valid_until_check check (valid_until > valid_from),
  {free_text:access_grant.task},
  {reference:access_grant.user_pseudonym decided_by}
);
create index access_grant_scope_id_idx on access_grant (scope_id);
create index access_grant_user_pseudonym_idx on access_grant (user_pseudonym);

create table adoption_plan (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  step text not null,
  planned_on {day},
  declared_on {day},
  declared_by text,
  constraint adoption_plan_agreement_id_step_key unique (agreement_id, step),
  constraint adoption_plan_step_check check (
    step in ('LEGAL_BASIS_CHECKED', 'MODE_CONTENT_TIMETABLE_AGREED', 'CONTENT_DEFINED', 'AGREEMENT_SIGNED', 'MANDATE_THEME_READY',
    'CONTENT_IMPLEMENTED', 'CONTENT_TESTED', 'STATEMENT_APPROVED', 'MANDATING_RIGHT_GRANTED', 'EMPLOYEES_INSTRUCTED', 'MANDATES_GRANTED',
    'CONNECTION_OPENED')
  ),
  {reference:adoption_plan.declared_by}
);

-- Questions, misuse, monitoring, retention.
create table inquiry (
  id {uuid} not null primary key,
  organisation_id {uuid} not null references organisation (id) deferrable initially deferred,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  purpose_id {uuid} references purpose (id) deferrable initially deferred,
  claimed_provisions text not null,
  message text not null,
  status text not null,
  asked_at {instant} not null,
  answer text,
  answered_at {instant},
  constraint inquiry_status_check check (status in ('OPEN', 'ANSWERED')),
  constraint inquiry_status_answer_check check (status = 'OPEN' or (answer is not null and answered_at is not null)),
  {free_text:inquiry.claimed_provisions message answer}
);
create index inquiry_organisation_id_idx on inquiry (organisation_id);
create index inquiry_register_id_idx on inquiry (register_id);

create table incident (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  reporter_id {uuid} not null references organisation (id) deferrable initially deferred,
  kind text not null,
  status text not null,
  description text not null,
  occurred_at {instant} not null,
  reported_at {instant} not null,
  closed_at {instant},
  outcome text,
  publicity text not null,
  constraint incident_kind_check check (kind in ('DATA_PROTECTION', 'INFORMATION_SECURITY', 'MISUSE')),
  constraint incident_status_check check (status in ('REPORTED', 'TRIAGED', 'CONTAINED', 'RESOLVED', 'CLOSED')),
  constraint incident_publicity_check check (publicity in ('PUBLIC', 'PUBLICATION_RESTRICTED', 'SECRET')),
  constraint incident_reported_at_closed_at_check check (closed_at >= reported_at),
  {free_text:incident.description outcome}
);
create index incident_agreement_id_idx on incident (agreement_id);

create table usage_review (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  from_on {day} not null,
  until_on {day} not null,
  sample_size integer not null,
  findings text not null,
  reviewed_on {day} not null,
  constraint usage_review_from_on_until_on_check check (from_on <= until_on),
  constraint usage_review_sample_size_check check (sample_size >= 0),
  {free_text:usage_review.findings}
);
create index usage_review_agreement_id_idx on usage_review (agreement_id);

create table retention_rule (
  id {uuid} not null primary key,
  register_id {uuid} not null references register (id) deferrable initially deferred,
  legal_basis_id {uuid} references legal_basis (id) deferrable initially deferred,
  years integer not null,
  source text not null,
  constraint retention_rule_years_check check (years > 0),
  {free_text:retention_rule.source}
);
create index retention_rule_register_id_idx on retention_rule (register_id);

-- Status is a history; the column of the row is its last entry.
create table status_entry (
  id {uuid} not null primary key,
  subject_kind text not null,
  subject_id {uuid} not null,
  ordinal integer not null,
  status text not null,
  from_at {instant} not null,
  actor text not null,
  reason text,
  document_id {uuid} references document (id) deferrable initially deferred,
  constraint status_entry_subject_kind_subject_id_ordinal_key unique (subject_kind, subject_id, ordinal),
  constraint status_entry_subject_kind_check check (
    subject_kind in ('AGREEMENT', 'SCOPE', 'AGREEMENT_BASIS', 'PROTECTION_STATEMENT', 'MANDATE_THEME', 'MANDATING_RIGHT', 'INCIDENT', 'INQUIRY')
  ),
  constraint status_entry_ordinal_check check (ordinal > 0),
  {free_text:status_entry.reason},
  {reference:status_entry.actor}
);
create index status_entry_subject_id_idx on status_entry (subject_id);

-- Decisions about rows outside the registry; journalled all the same, without foreign keys to what is partitioned.
create table disclosure_withholding (
  id {uuid} not null primary key,
  disclosure_id {uuid} not null,
  withheld_until {instant},
  legal_basis_id {uuid} not null references legal_basis (id) deferrable initially deferred,
  decided_at {instant} not null,
  reason text not null,
  {free_text:disclosure_withholding.reason}
);
create index disclosure_withholding_disclosure_id_idx on disclosure_withholding (disclosure_id);

create table anomaly_decision (
  id {uuid} not null primary key,
  anomaly_id {uuid} not null,
  verdict text not null,
  decided_at {instant} not null,
  actor text not null,
  reason text not null,
  constraint anomaly_decision_verdict_check check (verdict in ('CONFIRMED', 'FALSE_POSITIVE')),
  {free_text:anomaly_decision.reason},
  {reference:anomaly_decision.actor}
);
create index anomaly_decision_anomaly_id_idx on anomaly_decision (anomaly_id);
