-- Notice a party gave of an agreement: who, why, and until when it still runs.
create table agreement_notice (
  id {uuid} not null primary key,
  agreement_id {uuid} not null references agreement (id) deferrable initially deferred,
  given_by_id {uuid} not null references organisation (id) deferrable initially deferred,
  reason text not null,
  note text,
  given_at {instant} not null,
  ends_on {day},
  constraint agreement_notice_reason_check check (reason in ('BASIS_REPEALED', 'PARTY_DISSOLVED', 'BREACH', 'MUTUAL', 'NOTICE', 'REPLACED')),
  {free_text:agreement_notice.note}
);
create index agreement_notice_agreement_id_idx on agreement_notice (agreement_id);
