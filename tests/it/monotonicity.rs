//! Laws of the decision that hold in every world: taking away never gives, an answer holds as long as it says, and facts
//! changed step by step equal facts built whole.

use api::{
    decision::{self, Decision},
    facts::{Edit, Facts, Row},
};
use chrono::TimeDelta;
use entity::{
    agreement, data_item, legal_basis, organisation, protection_statement, scope_item_basis, status_entry,
    vocabulary::{Instant, Verdict},
};
use uuid::Uuid;

use crate::random_worlds::{Asked, Chance, World, far, over_seeds};

#[test]
fn taking_away_never_turns_a_denial_into_a_permit() {
    over_seeds(1_000_000, 100, |seed| {
        let (world, mut chance) = World::new(seed);
        let asked: Vec<Asked> = (0..20).map(|_| world.question(&mut chance)).collect();
        let before: Vec<Decision> = asked.iter().map(|asked| answer(&world.facts, asked)).collect();
        let losses = chance.shuffled(losses(&world.facts));
        for loss in losses.iter().take(8) {
            let poorer = world.facts.after(2, loss);
            for (asked, before) in asked.iter().zip(&before) {
                let after = answer(&poorer, asked);
                assert!(
                    after.verdict >= before.verdict && after.permitted_items.len() <= before.permitted_items.len(),
                    "seed {seed}: {loss:?} turned {before:#?}\ninto {after:#?}\n{}",
                    world.told(&asked.0, asked.1),
                );
            }
        }
    });
}

#[test]
fn a_permit_holds_until_the_instant_it_says() {
    over_seeds(2_000_000, 120, |seed| {
        let (world, mut chance) = World::new(seed);
        for asked in questions(&world, &mut chance) {
            let now = answer(&world.facts, &asked);
            if now.verdict != Verdict::Permitted {
                continue;
            }
            for at in ahead(&world, &mut chance, asked.1, now.valid_until) {
                let then = answer(&world.facts, &(asked.0.clone(), at));
                assert_eq!(
                    (then.verdict, &then.permitted_items),
                    (now.verdict, &now.permitted_items),
                    "seed {seed}: permitted until {:?} and yet not at {at}\n{then:#?}\n{}",
                    now.valid_until,
                    world.told(&asked.0, asked.1),
                );
            }
        }
    });
}

#[test]
fn an_answer_stays_the_same_until_it_says_it_may_change() {
    over_seeds(3_000_000, 80, |seed| {
        let (world, mut chance) = World::new(seed);
        for asked in questions(&world, &mut chance) {
            let now = answer(&world.facts, &asked);
            for at in ahead(&world, &mut chance, asked.1, now.next_change_at) {
                let then = answer(&world.facts, &(asked.0.clone(), at));
                let until = (now.valid_until, now.next_change_at);
                let then = Decision { valid_until: until.0, next_change_at: until.1, ..then };
                assert_eq!(then, now, "seed {seed}: another answer at {at}\n{}", world.told(&asked.0, asked.1));
            }
        }
    });
}

#[test]
fn facts_changed_step_by_step_equal_facts_built_whole() {
    over_seeds(4_000_000, 40, |seed| {
        let (world, mut chance) = World::new(seed);
        let asked: Vec<Asked> = (0..5).map(|_| world.question(&mut chance)).collect();
        let mut facts = Facts::default();
        let rows = chance.shuffled(world.rows.clone());
        for (seq, batch) in (1..).zip(rows.chunks(rows.len() / 4 + 1)) {
            facts = facts.after(seq, &batch.iter().cloned().map(Edit::Put).collect::<Vec<_>>());
        }
        assert_whole(seed, &facts, &asked, &[]);
        let mut gone = Vec::new();
        for seq in 100..112 {
            let mut edits: Vec<Edit> =
                (0..chance.pick(&[1, 1, 2, 4])).map(|_| edit(&facts, &mut gone, &mut chance)).collect();
            if chance.percent(20) {
                gone.retain(|row| !matches!(row, Row::Agreement(_)));
                edits.extend(swapped_numbers(&facts));
            }
            facts = facts.after(seq, &edits);
            assert_whole(seed, &facts, &asked, &edits);
        }
    });
}

fn answer(facts: &Facts, (question, at): &Asked) -> Decision {
    decision::decide(facts, question, *at)
}

fn questions(world: &World, chance: &mut Chance) -> Vec<Asked> {
    (0..15).map(|_| world.question(chance)).collect()
}

/// Instants from `at` on and before `until`: those of changes in the world, the last one before, and some others.
fn ahead(world: &World, chance: &mut Chance, at: Instant, until: Option<Instant>) -> Vec<Instant> {
    let mut instants: Vec<Instant> = (0..4).map(|_| far(chance, 450)).collect();
    instants.extend(&world.moments);
    instants.extend(until.map(|until| until - TimeDelta::microseconds(1)));
    instants.retain(|instant| at <= *instant && until.is_none_or(|until| *instant < until));
    instants.sort_unstable();
    instants.dedup();
    instants
}

/// Each thing a permit may rest on, with what hangs on it.
fn losses(facts: &Facts) -> Vec<Vec<Edit>> {
    let mut losses: Vec<Vec<Edit>> = Vec::new();
    for row in facts.scope_item.all() {
        let bases = facts.scope_item_basis.of(row.id).map(|part| remove("scope_item_basis", part.id.0));
        let mandates = facts.scope_item_mandate.of(row.id).map(|part| remove("scope_item_mandate", part.id.0));
        losses.push(bases.chain(mandates).chain([remove("scope_item", row.id.0)]).collect());
    }
    for row in facts.agreement_basis.all() {
        let items = facts.scope_item_basis.all().filter(|part| part.agreement_basis_id == row.id);
        let rules = facts.onward_rule_basis.all().filter(|part| part.agreement_basis_id == row.id);
        let mut loss: Vec<Edit> = items.map(|part| remove("scope_item_basis", part.id.0)).collect();
        loss.extend(rules.map(|part| remove("onward_rule_basis", part.id.0)));
        loss.push(remove("agreement_basis", row.id.0));
        losses.push(loss);
    }
    losses.extend(facts.scope_item_basis.all().map(|row| vec![remove("scope_item_basis", row.id.0)]));
    losses.extend(facts.entitlement.all().map(|row| vec![remove("entitlement", row.id.0)]));
    losses.extend(facts.protection_statement.all().map(|row| vec![remove("protection_statement", row.id.0)]));
    losses.extend(facts.access_grant.all().map(|row| vec![remove("access_grant", row.id.0)]));
    losses.extend(facts.mandating_right.all().map(|row| vec![remove("mandating_right", row.id.0)]));
    losses.extend(facts.onward_rule.all().map(|row| vec![remove("onward_rule", row.id.0)]));
    losses
}

fn remove(table: &'static str, id: Uuid) -> Edit {
    Edit::Remove(table, id)
}

/// Edit of one row: it goes, comes back or is changed, bodies more often than others.
fn edit(facts: &Facts, gone: &mut Vec<Row>, chance: &mut Chance) -> Edit {
    let rows: Vec<Row> = facts.rows().collect();
    let bodies: Vec<Row> = facts.organisation.all().cloned().map(Row::Organisation).collect();
    match chance.below(10) {
        0..3 => {
            let row = chance.pick(&rows);
            gone.push(row.clone());
            Edit::Remove(row.table(), row.id())
        }
        3..5 if !gone.is_empty() => Edit::Put(gone.swap_remove(chance.below(gone.len()))),
        5 if !bodies.is_empty() => Edit::Put(changed(facts, &chance.pick(&bodies), chance)),
        _ => Edit::Put(changed(facts, &chance.pick(&rows), chance)),
    }
}

/// Two agreements that take each other's number.
fn swapped_numbers(facts: &Facts) -> Vec<Edit> {
    let mut rows = facts.agreement.all().map(|row| row.as_ref().clone());
    let (Some(mut a), Some(mut b)) = (rows.next(), rows.next()) else { return Vec::new() };
    std::mem::swap(&mut a.number, &mut b.number);
    vec![a.into(), b.into()]
}

/// The row with one column that others look at changed, or as it was.
fn changed(facts: &Facts, row: &Row, chance: &mut Chance) -> Row {
    let bodies: Vec<_> = facts.organisation.all().map(|row| row.id).collect();
    let bases: Vec<_> = facts.agreement_basis.all().map(|row| row.id).collect();
    let instant = far(chance, 60);
    match row {
        Row::Organisation(row) => {
            let heir = bodies.get(chance.below(bodies.len())).copied();
            let successor_id = heir.filter(|id| *id != row.id && row.successor_id.is_none());
            organisation::Model { successor_id, ..row.as_ref().clone() }.into()
        }
        Row::ProtectionStatement(row) if !bodies.is_empty() => {
            protection_statement::Model { discloser_id: chance.pick(&bodies), ..row.as_ref().clone() }.into()
        }
        Row::Agreement(row) if !bodies.is_empty() => {
            agreement::Model { recipient_id: chance.pick(&bodies), ..row.as_ref().clone() }.into()
        }
        Row::ScopeItemBasis(row) if !bases.is_empty() => {
            scope_item_basis::Model { agreement_basis_id: chance.pick(&bases), ..row.as_ref().clone() }.into()
        }
        Row::StatusEntry(row) => status_entry::Model { from_at: instant, ..row.as_ref().clone() }.into(),
        Row::DataItem(row) => data_item::Model { valid_until: Some(instant), ..row.as_ref().clone() }.into(),
        Row::LegalBasis(row) => legal_basis::Model { valid_until: Some(instant), ..row.as_ref().clone() }.into(),
        unchanged => unchanged.clone(),
    }
}

/// The same tables, the same pictures compiled of them, the same answers.
fn assert_whole(seed: u64, facts: &Facts, asked: &[Asked], edits: &[Edit]) {
    let rows: Vec<Edit> = facts.rows().map(Edit::Put).collect();
    let whole = Facts::of(facts.seq, Facts::default().after(0, &rows).tables().clone());
    assert!(facts.tables() == whole.tables(), "seed {seed}: other tables after {edits:?}");
    for (stepwise, at_once) in pictures(facts).iter().zip(pictures(&whole)) {
        assert_eq!(*stepwise, at_once, "seed {seed}: stale after {edits:#?}");
    }
    for asked in asked {
        let (stepwise, at_once) = (answer(facts, asked), answer(&whole, asked));
        assert_eq!(stepwise, at_once, "seed {seed}: after {edits:#?}");
    }
}

/// What is compiled of each row, in words.
fn pictures(facts: &Facts) -> Vec<String> {
    let mut pictures = Vec::new();
    pictures.extend(facts.agreement.all().map(|row| format!("{:?}", facts.dossier(row.id))));
    pictures.extend(facts.legal_basis.all().map(|row| format!("{:?}", facts.law(row.id))));
    pictures.extend(facts.register.all().map(|row| format!("{:?}", facts.catalogue(row.id))));
    pictures.extend(facts.mandate_theme.all().map(|row| format!("{:?}", facts.theme_history(row.id))));
    pictures.extend(
        facts.mandating_right.all().map(|row| format!("{:?}", facts.rights(row.organisation_id, row.mandate_theme_id))),
    );
    pictures.extend(facts.agreement.all().map(|row| format!("{:?}", facts.agreement.by_key(&row.number))));
    pictures.extend(facts.organisation.all().map(|row| format!("{:?}", facts.party(row.id))));
    pictures.extend(facts.agreement.all().map(|row| {
        let received = facts.received(row.recipient_id, row.register_id);
        format!("{:?}", received.map(|dossier| dossier.row.id).collect::<Vec<_>>())
    }));
    pictures
}
