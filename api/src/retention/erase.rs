//! Erasure of one person: the rows stay, and nothing ties them to the person any more (GDPR 17). So do the look-ups of that
//! person's disclosures.
//!
//! A row loses its salt, so that neither commitment can be opened, and its pseudonyms, so that no look-up finds it. Its
//! leaf hash, its commitments and its tallies stay. Nothing of this is ever asked through GraphQL: the controller decides,
//! and its operator carries the decision out.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    disclosure, subject_lookup,
    vocabulary::{DisclosureId, Instant, LegalBasisId, OrganisationId, RegisterId, SubjectLookupId},
};
use futures::FutureExt;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value, sea_query::Expr};

use super::rules;
use crate::{
    Error, Fault, FaultCode,
    checks::{Checks, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    context::Gateway,
    database::Reader,
    disclosure::{
        interned::{self, InternedSets},
        list,
    },
    facts::{Facts, global_id},
    journal::{Author, Changes, Ending},
    keys::Keys,
    subject_access::{self, rules::Person},
};

/// Pseudonyms or rows named in one statement, well under the variables SQLite binds.
const PER_STATEMENT: usize = 1_000;

/// Erasure as it is asked for.
pub struct Erasure {
    /// Whom it is about.
    pub person: Person,
    /// Business ID of the body whose log and look-ups are meant, with those of the bodies whose place it took; null for all.
    pub discloser: Option<String>,
    /// Why.
    pub reason: String,
    /// Reference of the decision by which the controller erases what a rule still keeps; null where it does not.
    pub decision: Option<String>,
}

/// What was erased at one body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Rows of its log.
    pub disclosures: usize,
    /// Look-ups its people made.
    pub lookups: usize,
}

/// What stands of a person at the bodies asked about.
#[derive(Default)]
struct Found {
    disclosures: Vec<disclosure::Model>,
    lookups: Vec<subject_lookup::Model>,
}

/// Whose key made each pseudonym a person may have.
type Holders = BTreeMap<[u8; 32], OrganisationId>;

/// Erases what stands of a person, all or none; how much at each body.
///
/// # Errors
/// Every fault of the input, and the rows that a rule still keeps where no decision is named; unavailable when the
/// database does not answer, when rows were recorded meanwhile, or when a key was added since this process started.
pub async fn erase(gateway: &Gateway, erasure: &Erasure) -> Result<BTreeMap<OrganisationId, Erased>, Error> {
    let (facts, at) = (gateway.journal.facts(), gateway.clock.now());
    let Read { reason, decision, bodies } = read(&facts, erasure)?;
    let primary = gateway.database.primary();
    list::every_key_is_live(primary, &gateway.keys).await?;
    let holders = holders(&facts, &gateway.keys, bodies.as_deref(), &erasure.person)?;
    let txn = gateway.database.primary_for(Reader::Log).await?;
    let found = Found::read(&txn, &holders).await?;
    let bases = bases(&txn, &found.disclosures).await?;
    txn.commit().await?;
    let erased = found.by_body(&holders);
    let changes = changes(&erased, &reason, decision.as_deref());
    let asked = found.places();
    let judge = move |facts: &Facts| match decision {
        Some(_) => Ok(changes),
        None => bar(facts, &found.disclosures, &bases, at).map(|()| changes),
    };
    let bodies: Vec<OrganisationId> = erased.keys().copied().collect();
    gateway
        .journal
        .commit_with(
            Author::operator(),
            judge,
            move |txn, facts| async move { erase_found(txn, &holders, &asked, &bodies, facts.seq).await }.boxed(),
            Ending::Commit,
        )
        .await?;
    Ok(erased)
}

/// Erasure as it was read.
struct Read {
    reason: String,
    decision: Option<String>,
    bodies: Option<Vec<OrganisationId>>,
}

fn read(facts: &Facts, erasure: &Erasure) -> Result<Read, Error> {
    let mut checks = Checks::default();
    let reason = checks.text("reason", &erasure.reason, TEXT_CHARACTERS_MAX);
    let decision = checks.text_if("decision", erasure.decision.as_ref(), REFERENCE_CHARACTERS_MAX);
    let discloser = erasure.discloser.as_deref().and_then(|id| checks.organisation(facts, "discloser", id));
    let bodies = discloser.map(|row| facts.lineage(row.id));
    checks.done(|| Some(Read { reason, decision, bodies })).map_err(Error::Invalid)
}

/// Pseudonyms of a person under the keys of some bodies or of all, in every version.
fn holders(facts: &Facts, keys: &Keys, bodies: Option<&[OrganisationId]>, person: &Person) -> Result<Holders, Error> {
    let mut holders = Holders::new();
    for body in facts.organisation.all().filter(|row| bodies.is_none_or(|bodies| bodies.contains(&row.id))) {
        let Some(business_id) = body.business_id else { continue };
        for version in keys.pseudonyms().live_versions() {
            holders.insert(subject_access::pseudonym(keys, business_id, *version, person)?, body.id);
        }
    }
    Ok(holders)
}

impl Found {
    async fn read(db: &impl ConnectionTrait, holders: &Holders) -> Result<Self, Error> {
        let mut found = Self::default();
        let pseudonyms: Vec<Vec<u8>> = holders.keys().map(|bytes| bytes.to_vec()).collect();
        for any in pseudonyms.chunks(PER_STATEMENT) {
            let is_theirs = disclosure::Column::SubjectPseudonym.is_in(any.iter().cloned());
            found.disclosures.extend(disclosure::Entity::find().filter(is_theirs).all(db).await?);
            let is_theirs = subject_lookup::Column::SubjectPseudonym.is_in(any.iter().cloned());
            found.lookups.extend(subject_lookup::Entity::find().filter(is_theirs).all(db).await?);
        }
        Ok(found)
    }

    fn by_body(&self, holders: &Holders) -> BTreeMap<OrganisationId, Erased> {
        let mut bodies: BTreeMap<OrganisationId, Erased> = BTreeMap::new();
        for row in &self.disclosures {
            bodies.entry(row.discloser_id).or_default().disclosures += 1;
        }
        let holder = |row: &subject_lookup::Model| {
            holders.get(&<[u8; 32]>::try_from(row.subject_pseudonym.as_deref()?).ok()?).copied()
        };
        for body in self.lookups.iter().filter_map(holder) {
            bodies.entry(body).or_default().lookups += 1;
        }
        bodies
    }

    fn places(&self) -> Places {
        Places {
            disclosures: self.disclosures.iter().map(|row| (row.discloser_id, row.id)).collect(),
            lookups: self.lookups.iter().map(|row| (row.id, row.ordinal)).collect(),
        }
    }
}

/// Which rows were found: those of the log by discloser, and the look-ups.
#[derive(PartialEq, Eq)]
struct Places {
    disclosures: BTreeSet<(OrganisationId, DisclosureId)>,
    lookups: BTreeSet<(SubjectLookupId, i32)>,
}

/// Provisions each of the rows rests on.
async fn bases(
    db: &impl ConnectionTrait,
    rows: &[disclosure::Model],
) -> Result<BTreeMap<DisclosureId, Vec<LegalBasisId>>, Error> {
    let sets = InternedSets::default().read(db, rows.iter().map(|row| row.bases_id)).await?;
    let bases = |row: &disclosure::Model| interned::bases(sets.get(&row.bases_id).map_or("", AsRef::as_ref));
    Ok(rows.iter().map(|row| (row.id, bases(row))).collect())
}

/// Refuses to erase what a rule still keeps: how many rows of which register, and until when.
fn bar(
    facts: &Facts,
    rows: &[disclosure::Model],
    bases: &BTreeMap<DisclosureId, Vec<LegalBasisId>>,
    at: Instant,
) -> Result<(), Error> {
    let mut kept: BTreeMap<RegisterId, (usize, Instant)> = BTreeMap::new();
    for row in rows {
        let bases = bases.get(&row.id).map_or(&[][..], Vec::as_slice);
        let Some(rule) = rules::rule(facts, row.register_id, bases) else { continue };
        let until = rules::kept_until(row.occurred_at, rule.years).unwrap_or(Instant::MAX_UTC);
        if until > at {
            let (rows, last) = kept.entry(row.register_id).or_insert((0, until));
            *rows += 1;
            *last = until.max(*last);
        }
    }
    let said = |(register, (rows, until)): (&RegisterId, &(usize, Instant))| {
        let code = facts.register.get(*register).map_or("?", |row| row.code.as_str());
        let until = until.date_naive();
        let message =
            format!("{rows} rows of {code} are under a retention rule, the last until {until}; name the decision");
        Fault::new(FaultCode::Conflict, "decision", message)
    };
    let faults: Vec<Fault> = kept.iter().map(said).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// One change for each body, whose log and look-ups they are; it tells how many, and nothing of whom.
fn changes(erased: &BTreeMap<OrganisationId, Erased>, reason: &str, decision: Option<&str>) -> Vec<Changes> {
    let decision = decision.map(|reference| format!("decision {reference}; ")).unwrap_or_default();
    let change = |(body, Erased { disclosures, lookups }): (&OrganisationId, &Erased)| Changes {
        action: "eraseSubject",
        subject: global_id(*body),
        reason: Some(format!("{reason} ({decision}{disclosures} disclosures, {lookups} look-ups)")),
        edits: Vec::new(),
    };
    erased.iter().map(change).collect()
}

/// Erases what was judged; `last` is the position of the last of the changes, of which there stands one for each body in
/// the same order. Nobody records meanwhile, so what is found again here is all there is.
async fn erase_found(
    txn: &impl ConnectionTrait,
    holders: &Holders,
    asked: &Places,
    bodies: &[OrganisationId],
    last: i64,
) -> Result<(), Error> {
    if Found::read(txn, holders).await?.places() != *asked {
        return Err(Error::Unavailable("rows were recorded or erased meanwhile; erase again"));
    }
    let mut seq = last;
    for body in bodies.iter().rev() {
        let own = asked.disclosures.iter().filter(|(discloser, _)| discloser == body).map(|(_, id)| *id);
        let rows: Vec<DisclosureId> = own.collect();
        for ids in rows.chunks(PER_STATEMENT) {
            erase_some(txn, ids, seq).await?;
        }
        seq -= 1;
    }
    erase_lookups(txn, holders).await
}

async fn erase_lookups(txn: &impl ConnectionTrait, holders: &Holders) -> Result<(), Error> {
    use subject_lookup::Column;
    let pseudonyms: Vec<Vec<u8>> = holders.keys().map(|bytes| bytes.to_vec()).collect();
    for any in pseudonyms.chunks(PER_STATEMENT) {
        subject_lookup::Entity::update_many()
            .col_expr(Column::SubjectPseudonym, Expr::value(Value::Bytes(None)))
            .col_expr(Column::SubjectKeyVersion, Expr::value(Value::Int(None)))
            .filter(Column::SubjectPseudonym.is_in(any.iter().cloned()))
            .exec(txn)
            .await?;
    }
    Ok(())
}

async fn erase_some(txn: &impl ConnectionTrait, ids: &[DisclosureId], seq: i64) -> Result<(), Error> {
    use disclosure::Column;
    let erased = disclosure::Entity::update_many()
        .col_expr(Column::Salt, Expr::value(Value::Bytes(None)))
        .col_expr(Column::SubjectPseudonym, Expr::value(Value::Bytes(None)))
        .col_expr(Column::SubjectKeyVersion, Expr::value(Value::Int(None)))
        .col_expr(Column::UserPseudonym, Expr::value(Value::Bytes(None)))
        .col_expr(Column::UserKeyVersion, Expr::value(Value::Int(None)))
        .col_expr(Column::ErasedSeq, Expr::value(seq))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(txn)
        .await?;
    if erased.rows_affected == ids.len() as u64 {
        Ok(())
    } else {
        Err(Error::internal("a row to erase is not there once"))
    }
}
