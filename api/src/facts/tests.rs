use entity::{organisation, vocabulary::OrganisationId};
use uuid::Uuid;

use super::{Edit, Facts, bare, in_succession, stands_for};

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
