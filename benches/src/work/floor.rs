//! The least there should be: each operation as the one plain SQL statement of somebody who needs nothing else, prepared, over as
//! many connections, about the same things at random.

use super::asked::{AGREEMENTS, Asked, DISCLOSURES};
use crate::pgbench::Pgbench;

/// Statement of an operation, and over how many connections it is asked.
pub(crate) struct Floor<'a> {
    pgbench: Pgbench<'a>,
    connections: u64,
}

impl<'a> Floor<'a> {
    /// Statement of a work.
    pub(crate) async fn of(work: &str, connections: u64, url: &'a str, asked: &Asked) -> anyhow::Result<Self> {
        if work == "W4" {
            return Ok(Self { pgbench: Pgbench::inserts(url).await?, connections });
        }
        let (many, statement) = match work {
            "W1" => (asked.agreements.len(), agreement()),
            "W2" => (asked.pages.len(), page()),
            "W3" => (asked.agreements.len(), access()),
            "W5" => (asked.disclosers.len(), counts()),
            _ => (asked.starts.len(), log()),
        };
        // Each of them reads a discloser's whole log: more at once than processors only wait for one another.
        let connections = if work == "W5" { connections.min(2) } else { connections };
        let script = format!("\\set n random(1, {many})\n\\set item random(1, 6)\n{statement};\n");
        Ok(Self { pgbench: Pgbench::new(url, work, &script)?, connections })
    }

    /// Statements of one second, and how many there were.
    pub(crate) async fn run(&self, seconds: u64) -> anyhow::Result<(f64, f64)> {
        self.pgbench.run(self.connections, crate::figures::number(seconds)).await
    }
}

fn agreement() -> String {
    let party = |id: &str| {
        format!(
            "(select json_build_object('id', o.id, 'businessId', o.business_id, 'name', o.name_fi, 'contacts', \
               (select json_agg(json_build_object('role', c.role, 'name', c.name_fi, 'email', c.email, 'phone', c.phone, \
                 'priority', c.priority) order by c.priority) \
                from contact c where c.organisation_id = o.id and c.agreement_id is null)) \
             from organisation o where o.id = {id})"
        )
    };
    format!(
        "select json_build_object('id', a.id, 'number', a.number, 'status', a.status, 'signedOn', a.signed_on, \
           'startsOn', a.starts_on, 'endsOn', a.ends_on, 'discloser', {}, 'recipient', {}, 'scopes', \
           (select json_agg(json_build_object('id', s.id, 'channel', s.channel, 'version', s.version, \
             'status', s.status, 'regularity', s.regularity, 'admission', s.admission, 'definedOn', s.defined_on) \
             order by s.channel, s.version) from scope s where s.agreement_id = a.id)) \
         from agreement a where a.id = (select id from asked.agreement where n = :n)",
        party("a.discloser_id"),
        party("a.recipient_id"),
    )
}

fn page() -> String {
    format!(
        "select json_agg(json_build_object('id', a.id, 'number', a.number, 'status', a.status, \
           'startsOn', a.starts_on, 'endsOn', a.ends_on, 'recipient', json_build_object('id', o.id, \
             'businessId', o.business_id, 'name', o.name_fi), \
           'scopes', (select json_agg(json_build_object('id', s.id, 'channel', s.channel, 'version', s.version, \
             'status', s.status) order by s.channel, s.version) from scope s where s.agreement_id = a.id)) \
           order by a.number) \
         from (select b.* from asked.page p join agreement b on b.discloser_id = p.discloser_id and b.status = 'ACTIVE' \
           and b.number > p.number where p.n = :n order by b.number limit {AGREEMENTS}) as a \
         join organisation o on o.id = a.recipient_id"
    )
}

/// Whether an open scope of an agreement in force gives a category to a recipient for a purpose, and by which agreement.
fn access() -> String {
    "select json_build_object('verdict', case when min(a.number) is null then 'DENIED' else 'PERMITTED' end, \
       'agreement', min(a.number), 'validUntil', min(a.ends_on)) \
     from asked.agreement k join agreement a on a.recipient_id = k.recipient_id and a.register_id = k.register_id \
       and a.status = 'ACTIVE' and a.starts_on <= current_date and (a.ends_on is null or a.ends_on >= current_date) \
     join scope s on s.agreement_id = a.id and s.status = 'OPEN' and s.channel = 'TECHNICAL_INTERFACE' \
     join scope_purpose p on p.scope_id = s.id \
     join purpose u on u.id = p.purpose_id and u.code = 'SOCIAL_WELFARE' \
     join scope_item i on i.scope_id = s.id and i.operation = 'READ' \
     join (select (array['KEL.DECISION.AMOUNT', 'KEL.DECISION', 'KEL.PENDING', 'KEL.PAYMENT', 'KEL.INSURANCE', \
       'KEL.RECOVERY'])[:item] as code) as asked_for \
       on asked_for.code = i.item_code or starts_with(asked_for.code, i.item_code || '.') \
     where k.n = :n"
        .to_owned()
}

fn counts() -> String {
    "select json_agg(row_to_json(counted)) from (\
       select to_char(occurred_at at time zone 'Europe/Helsinki', 'YYYY-MM') as period, recipient_id, \
         count(*) as disclosures, sum(subject_count) as subjects \
       from disclosure where discloser_id = (select id from asked.discloser where n = :n) \
         and outcome in ('DELIVERED', 'EMPTY') \
       group by 1, 2 order by 1, 2 limit 100) as counted"
        .to_owned()
}

/// The page first, and only then what its rows point at.
fn log() -> String {
    format!(
        "select json_agg(json_build_object('id', d.id, 'messageId', d.message_id, 'occurredAt', d.occurred_at, \
           'recordedAt', d.recorded_at, 'outcome', d.outcome, 'coverage', d.coverage, 'channel', d.channel, \
           'subjectKind', d.subject_kind, 'subjectCount', d.subject_count, 'caseReference', d.case_reference, \
           'items', i.members, 'recipient', json_build_object('businessId', o.business_id, 'name', o.name_fi), \
           'purpose', u.code) order by d.id desc) \
         from (select e.id, e.message_id, e.occurred_at, e.recorded_at, e.outcome, e.coverage, e.channel, \
             e.subject_kind, e.subject_count, e.case_reference, e.items_id, e.recipient_id, e.purpose_id \
           from disclosure e where e.agreement_id = (select agreement_id from asked.start where n = :n) \
             and e.id < (select id from asked.start where n = :n) order by e.id desc limit {DISCLOSURES}) as d \
         join interned i on i.id = d.items_id join organisation o on o.id = d.recipient_id \
         join purpose u on u.id = d.purpose_id"
    )
}
