//! What a person may learn of its own disclosures: when, by whom, to whom, what, for what and on which law.
//!
//! Every look-up has a reason and stands in the journal before anything is read; whose disclosures were looked up stands
//! beside it as a keyed pseudonym, which erasure takes away. Rows withheld from the person are passed over as if they were
//! not there: pages are filled without them.

pub mod graphql;
pub mod rules;

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    disclosure, subject_lookup,
    vocabulary::{BusinessId, DisclosureId, Instant, OrganisationId, SubjectLookupId},
};
use futures::FutureExt;
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};

use crate::{
    Error,
    auth::{
        Act,
        policy::{self, PersonSight, Rows},
    },
    clock,
    context::{Context, View},
    disclosure::{
        Recorded, Recorder,
        list::{self, Excerpt, Filter, Order},
        withholding::is_withheld,
    },
    facts::{Facts, global_id},
    journal::Changes,
    keys::Keys,
};

use rules::{Lookup, Person};

/// Disclosures of one person on a page.
pub struct Report {
    /// Rows, latest recorded first.
    pub rows: Vec<Recorded>,
    /// Whether more follow.
    pub has_next: bool,
    /// What the viewer learns.
    pub sight: PersonSight,
    /// What it was read on.
    pub view: View,
}

/// Looks one person's disclosures up, once that stands in the journal.
///
/// # Errors
/// Forbidden by policy; unavailable when the database does not answer, and then nothing is told.
pub async fn report(
    ctx: &Context,
    recorder: &Recorder,
    lookup: &Lookup,
    after: Option<DisclosureId>,
    count: usize,
) -> Result<Report, Error> {
    policy::person_sight(ctx.view.present(), &ctx.view.viewer)?;
    let db = ctx.gateway().database.read();
    list::every_key_is_live(db, &ctx.gateway().keys).await?;
    // Seen as of the entry in the journal: what was withheld before it, in whatever process, is withheld here.
    let view = note(ctx, lookup).await?;
    let (facts, sight) = (&view.facts, policy::person_sight(view.present(), &view.viewer)?);
    let rows = match &sight {
        PersonSight::Person => Rows::All,
        PersonSight::Log(rows) => rows.clone(),
    };
    // A discloser reads its own log; what it received stands in the logs of others.
    let is_read = |id: &OrganisationId| match &rows {
        Rows::All => true,
        Rows::Of(parties) | Rows::Served { parties, .. } => parties.contains(id),
    };
    let txn = db.begin().await?;
    let disclosers: Vec<_> = list::disclosers(&txn).await?.into_iter().filter(is_read).collect();
    let disclosers = disclosers.into_iter().filter_map(|id| facts.organisation.get(id)?.business_id);
    let filter = Filter {
        rows,
        subjects: Some(pseudonyms(&ctx.gateway().keys, disclosers, &lookup.persons)?),
        occurred_from: lookup.occurred_from,
        occurred_until: lookup.occurred_until,
        ..Filter::default()
    };
    let reading = Reading { recorder, facts, filter: &filter, at: view.at, sight: &sight };
    let (rows, has_next) = reading.page(&txn, after, count).await?;
    txn.commit().await?;
    Ok(Report { rows, has_next, sight, view })
}

/// Writes the look-up down: who, why and, beside the journal, whom.
async fn note(ctx: &Context, lookup: &Lookup) -> Result<View, Error> {
    let id: SubjectLookupId = clock::fresh_id();
    let changes = Changes {
        action: "subjectDisclosures",
        subject: global_id(id),
        reason: Some(lookup.reason.clone()),
        edits: Vec::new(),
    };
    let (keys, own) = (&ctx.gateway().keys, ctx.view.viewer.organisation.ok_or(Error::Forbidden)?);
    let version = keys.pseudonyms().current_version();
    let row = |(ordinal, person): (i32, &Person)| -> Result<subject_lookup::Model, Error> {
        let pseudonym = pseudonym(keys, own, version, person)?.to_vec();
        Ok(subject_lookup::Model {
            id,
            ordinal,
            subject_pseudonym: Some(pseudonym),
            subject_key_version: Some(version),
        })
    };
    let rows = (0..).zip(&lookup.persons).map(row).collect::<Result<Vec<_>, Error>>()?;
    let rows: Vec<_> = rows.into_iter().map(|row| row.into_active_model().reset_all()).collect();
    ctx.note(Act::LookUpSubject, changes, move |txn, _| {
        async move {
            subject_lookup::Entity::insert_many(rows).exec_without_returning(txn).await?;
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Pseudonyms of a person under every identifier, at every discloser and under each live key.
fn pseudonyms(
    keys: &Keys,
    disclosers: impl Iterator<Item = BusinessId>,
    persons: &[Person],
) -> Result<Vec<[u8; 32]>, Error> {
    let mut pseudonyms = Vec::new();
    for discloser in disclosers {
        for version in keys.pseudonyms().live_versions() {
            for person in persons {
                pseudonyms.push(pseudonym(keys, discloser, *version, person)?);
            }
        }
    }
    Ok(pseudonyms)
}

/// Pseudonym of a person under the key of a holder.
///
/// # Errors
/// Internal when the version is not live.
pub fn pseudonym(keys: &Keys, holder: BusinessId, version: i32, person: &Person) -> Result<[u8; 32], Error> {
    match person {
        Person::Code(code) => keys.pseudonyms().person(holder, version, code),
        Person::Other(other) => keys.pseudonyms().other_person(holder, version, &other.system, &other.value),
    }
}

/// What a page is read with.
struct Reading<'a> {
    recorder: &'a Recorder,
    facts: &'a Facts,
    filter: &'a Filter,
    at: Instant,
    sight: &'a PersonSight,
}

impl Reading<'_> {
    /// Rows after one, at most `count`, and whether more follow. What the person does not see is passed over and made up
    /// for, so that no page tells of it.
    async fn page(
        &self,
        db: &DatabaseTransaction,
        after: Option<DisclosureId>,
        count: usize,
    ) -> Result<(Vec<Recorded>, bool), Error> {
        let (mut rows, mut after) = (Vec::new(), after);
        // One more than the page holds tells whether more follow.
        loop {
            let (filter, order, first, now) = (self.filter, Order::NewestFirst, count + 1, self.at);
            let page = list::page(db, self.recorder.sets(), Excerpt { filter, order, after, first, now }).await?;
            after = page.rows.last().map(|recorded| recorded.row.id);
            rows.extend(self.seen(db, page.rows).await?);
            if rows.len() > count || !page.has_next {
                break;
            }
        }
        let has_next = rows.len() > count;
        rows.truncate(count);
        Ok((rows, has_next))
    }

    async fn seen(&self, db: &DatabaseTransaction, rows: Vec<Recorded>) -> Result<Vec<Recorded>, Error> {
        if *self.sight != PersonSight::Person {
            return Ok(rows);
        }
        let withheld = self.withheld(db, &rows).await?;
        Ok(rows.into_iter().filter(|recorded| !withheld.contains(&recorded.row.id)).collect())
    }

    /// Which rows are withheld: themselves, or for what they correct.
    async fn withheld(&self, db: &DatabaseTransaction, rows: &[Recorded]) -> Result<BTreeSet<DisclosureId>, Error> {
        let mut known: BTreeMap<DisclosureId, disclosure::Model> =
            rows.iter().map(|recorded| (recorded.row.id, recorded.row.clone())).collect();
        let mut withheld = BTreeSet::new();
        for recorded in rows {
            let mut next = Some(recorded.row.id);
            while let Some(id) = next {
                if !known.contains_key(&id) {
                    let found = list::one(db, self.recorder.sets(), id).await?;
                    known.extend(found.map(|found| (id, found.row)));
                }
                let row = known.get(&id);
                // Of a row that was dropped nobody can tell any more whether it was withheld.
                if row.is_none_or(|row| is_withheld(self.facts, row, self.at)) {
                    withheld.insert(recorded.row.id);
                }
                next = row.and_then(|row| row.corrects_id);
            }
        }
        Ok(withheld)
    }
}
