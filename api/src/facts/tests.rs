use std::sync::Arc;

use entity::{
    agreement, organisation,
    vocabulary::{AgreementId, OrganisationId, RegisterId},
};
use proptest::prelude::*;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{Edit, Facts, Registered, Table, Tables, bare, in_succession, stands_for, write};
use crate::{
    Error,
    config::{Connecting, DatabaseUrl},
    database::Database,
};

const FIRST: OrganisationId = OrganisationId(Uuid::from_u128(1));
const SECOND: OrganisationId = OrganisationId(Uuid::from_u128(2));
const THIRD: OrganisationId = OrganisationId(Uuid::from_u128(3));
const MERGED: OrganisationId = OrganisationId(Uuid::from_u128(4));
const OTHER: OrganisationId = OrganisationId(Uuid::from_u128(5));

/// The second took the first's place, the third the second's and that of a fourth.
fn facts() -> Facts {
    let places = [(FIRST, Some(SECOND)), (SECOND, Some(THIRD)), (THIRD, None), (MERGED, Some(THIRD)), (OTHER, None)];
    let edits =
        places.map(|(id, successor_id)| Edit::from(organisation::Model { successor_id, ..bare::organisation(id) }));
    Facts::default().after(1, &edits)
}

/// Rows are read three at a time here.
#[tokio::test]
async fn table_is_read_whole_or_refused_in_however_many_parts() -> Result<(), Error> {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("facts.db").display());
    let database =
        Database::connect(&DatabaseUrl::parse(&url).expect("an address"), None, Connecting::default()).await?;
    migration::up(&database.write().now()).await?;
    let organisation = |id| Edit::from(bare::organisation(OrganisationId(Uuid::from_u128(id))));
    let edits: Vec<Edit> = (1..=8).map(organisation).collect();
    write(database.write(), &edits).await?;
    let read = Tables::read(database.read()).await?;
    assert_eq!(read.organisation, Facts::default().after(1, &edits).organisation);
    let spoil = "pragma ignore_check_constraints = on; \
        update organisation set kind = 'NOTHING' where id = (select max(id) from organisation)";
    database.write().execute_unprepared(spoil).await?;
    assert!(Tables::read(database.read()).await.is_err());
    Ok(())
}

#[test]
fn body_stands_for_itself_and_for_all_whose_place_it_took() {
    let facts = facts();
    for (body, parties) in [
        (FIRST, vec![FIRST]),
        (SECOND, vec![FIRST, SECOND]),
        (THIRD, vec![FIRST, SECOND, THIRD, MERGED]),
        (MERGED, vec![MERGED]),
        (OTHER, vec![OTHER]),
    ] {
        let stood_for: Vec<_> =
            facts.organisation.all().map(|row| row.id).filter(|party| stands_for(&facts, body, *party)).collect();
        assert_eq!(stood_for, parties);
        let mut lineage = facts.lineage(body);
        assert_eq!(lineage[0], body);
        lineage.sort_unstable();
        assert_eq!(lineage, parties);
    }
}

#[test]
fn two_bodies_are_in_succession_either_way_round_and_not_through_a_third() {
    let facts = facts();
    assert!(in_succession(&facts, FIRST, THIRD) && in_succession(&facts, THIRD, FIRST));
    assert!(in_succession(&facts, OTHER, OTHER) && !in_succession(&facts, OTHER, THIRD));
    assert!(!in_succession(&facts, MERGED, SECOND));
}

#[test]
fn agreements_are_received_alike_whether_they_came_together_or_one_by_one() {
    let register = RegisterId(Uuid::from_u128(6));
    let organisations = [FIRST, SECOND].map(|id| Edit::from(bare::organisation(id)));
    let agreements = (0..600).map(|at| {
        let agreement = bare::agreement(AgreementId(Uuid::from_u128(100 + at)), FIRST, SECOND, register);
        Edit::from(agreement::Model { number: format!("KEL-{at}"), ..agreement })
    });
    let edits: Vec<Edit> =
        organisations.into_iter().chain([bare::register(register, FIRST).into()]).chain(agreements).collect();
    let mut one_by_one = Facts::default();
    for edit in &edits {
        one_by_one = one_by_one.after(1, [edit]);
    }
    let together = Facts::of(1, one_by_one.tables().clone());
    let received = |facts: &Facts| facts.received(SECOND, register).map(|dossier| dossier.row.id).collect::<Vec<_>>();
    assert_eq!(received(&together), received(&one_by_one));
    assert_eq!(received(&together).len(), 600);
}

const BUSINESS_IDS: [&str; 3] = ["0245437-2", "3221308-6", "0246246-0"];

/// Row of few ids, keys and parents, so that edits often meet; none for the removal of the row.
fn edit() -> impl Strategy<Value = (u128, Option<organisation::Model>)> {
    let row = (proptest::option::of(0..3_usize), proptest::option::of(0..6_u128));
    (0..6_u128, proptest::option::weighted(0.8, row)).prop_map(|(id, row)| {
        let organisation_id = |id| OrganisationId(Uuid::from_u128(id));
        let row = row.map(|(business_id, successor)| organisation::Model {
            business_id: business_id.and_then(|at| BUSINESS_IDS[at].parse().ok()),
            successor_id: successor.map(organisation_id),
            ..bare::organisation(organisation_id(id))
        });
        (id, row)
    })
}

/// Table after some edits, those left out that would give two rows one key, which no registry has either.
fn edited(
    table: &Table<organisation::Model>,
    edits: &[(u128, Option<organisation::Model>)],
) -> Table<organisation::Model> {
    let mut table = table.clone();
    for (id, row) in edits {
        match row {
            Some(row) => {
                let taken = row.key().and_then(|key| table.by_key(&key)).is_some_and(|other| other.id != row.id);
                if !taken {
                    table.put(Arc::new(row.clone()));
                }
            }
            None => drop(table.remove(OrganisationId(Uuid::from_u128(*id)))),
        }
    }
    table
}

proptest! {
    #[test]
    fn rows_read_in_one_block_are_found_as_rows_put_one_by_one(
        before in proptest::collection::vec(edit(), 0..12),
        after in proptest::collection::vec(edit(), 0..12),
    ) {
        let put = edited(&Table::default(), &before);
        let read = Table::read(put.all().cloned().collect());
        let (put, read) = (edited(&put, &after), edited(&read, &after));
        prop_assert_eq!(&put, &read);
        prop_assert_eq!(put.len(), read.all().count());
        for id in 0..6 {
            let id = Uuid::from_u128(id);
            prop_assert_eq!(put.get(id.into()), read.get(id.into()));
            prop_assert_eq!(put.of(id).collect::<Vec<_>>(), read.of(id).collect::<Vec<_>>());
        }
        for key in BUSINESS_IDS {
            prop_assert_eq!(put.by_key(key), read.by_key(key));
        }
        for prefix in ["", "0", "02462"] {
            let found = |table: &Table<_>| table.by_key_prefix(prefix.to_owned()).cloned().collect::<Vec<_>>();
            prop_assert_eq!(found(&put), found(&read));
        }
        for key in ["", "0", BUSINESS_IDS[0], BUSINESS_IDS[1]] {
            let after = |table: &Table<_>| table.after_key(key).cloned().collect::<Vec<_>>();
            let all = read.by_key_prefix(String::new()).cloned();
            prop_assert_eq!(after(&put), all.filter(|row| row.key().is_some_and(|own| own.as_str() > key)).collect::<Vec<_>>());
            prop_assert_eq!(after(&put), after(&read));
        }
    }
}
