//! Questions to a random world, most of them about something it holds.

use std::collections::{BTreeMap, BTreeSet};

use api::decision::{EndUser, Question};
use chrono::{Days, TimeDelta};
use entity::{
    agreement, scope, scope_item,
    vocabulary::{
        AgreementId, Channel, Instant, ItemCode, MandateThemeId, OnwardRecipientKind, Operation, OrganisationId,
        PurposeId, RegisterId, helsinki_midnight,
    },
};

use super::{
    chance::Chance,
    parts::{USERS, values},
    rows,
    world::{ITEMS, QUALIFIERS, World},
};

/// Question and the instant it is asked for.
pub type Asked = (Question, Instant);

impl World {
    /// A question.
    pub fn question(&self, chance: &mut Chance) -> Asked {
        let agreements: Vec<&agreement::Model> = self.facts.agreement.all().map(AsRef::as_ref).collect();
        let agreement = chance.pick(&agreements);
        let scopes: Vec<&scope::Model> = self.facts.scope.of(agreement.id).map(AsRef::as_ref).collect();
        let scope = chance.pick(&scopes);
        let items: Vec<&scope_item::Model> = self.facts.scope_item.of(scope.id).map(AsRef::as_ref).collect();
        let item = chance.pick(&items);
        let purposes: Vec<PurposeId> = self.facts.scope_purpose.of(scope.id).map(|row| row.purpose_id).collect();
        let question = Question {
            recipient: self.recipient(chance, agreement.recipient_id),
            register: self.register(chance, agreement.register_id),
            items: asked_items(chance, &items, item),
            purpose: if chance.percent(95) { chance.pick(&purposes) } else { self.purpose(chance) },
            channel: if chance.percent(95) { scope.channel } else { chance.pick(&values::<Channel>()) },
            operation: if chance.percent(95) { item.operation } else { chance.pick(&values::<Operation>()) },
            mandates: self.mandates(chance),
            end_user: chance.percent(92).then(|| self.end_user(chance)),
            case_reference: chance.percent(85).then(|| "A-1".to_owned()),
            subject_count: chance.pick(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]),
            onward_to: chance.percent(10).then(|| chance.pick(&values::<OnwardRecipientKind>())),
            agreement: self.pinned(chance, agreement.id),
            discloser: self.discloser(chance, agreement.discloser_id),
            served: chance.percent(10).then(|| self.served(chance, agreement.id)),
        };
        (question, self.instant(chance))
    }

    fn recipient(&self, chance: &mut Chance, usual: OrganisationId) -> OrganisationId {
        let successor = self.facts.organisation.get(usual).and_then(|row| row.successor_id);
        match (chance.below(20), successor) {
            (0..16, _) => usual,
            (16..19, successor) => successor.unwrap_or(usual),
            _ => chance.pick(&self.facts.organisation.all().map(|row| row.id).collect::<Vec<_>>()),
        }
    }

    fn register(&self, chance: &mut Chance, usual: RegisterId) -> RegisterId {
        if chance.percent(98) {
            return usual;
        }
        chance.pick(&self.facts.register.all().map(|row| row.id).collect::<Vec<_>>())
    }

    fn purpose(&self, chance: &mut Chance) -> PurposeId {
        chance.pick(&self.facts.purpose.all().map(|row| row.id).collect::<Vec<_>>())
    }

    fn mandates(&self, chance: &mut Chance) -> Vec<MandateThemeId> {
        let all_of_them = chance.percent(88);
        self.facts.mandate_theme.all().map(|row| row.id).filter(|_| all_of_them || chance.percent(50)).collect()
    }

    fn end_user(&self, chance: &mut Chance) -> EndUser {
        let name = chance.pick(&[USERS[0], USERS[0], USERS[1], USERS[2]]);
        let mut pseudonyms = BTreeMap::new();
        for row in self.facts.organisation.all() {
            if chance.percent(95) {
                pseudonyms.insert(row.id, vec![format!("{name}-old"), name.to_owned()]);
            }
        }
        EndUser { pseudonyms }
    }

    fn pinned(&self, chance: &mut Chance, usual: AgreementId) -> Option<AgreementId> {
        match chance.below(20) {
            0..5 => Some(usual),
            5 => Some(chance.pick(&self.facts.agreement.all().map(|row| row.id).collect::<Vec<_>>())),
            _ => None,
        }
    }

    /// Whose agreements alone may carry it: mostly anybody's, else the party's, a successor's or anyone's.
    fn discloser(&self, chance: &mut Chance, usual: OrganisationId) -> Option<OrganisationId> {
        match chance.below(20) {
            0..3 => Some(usual),
            3 => self.facts.organisation.get(usual).and_then(|row| row.successor_id),
            4 => Some(chance.pick(&self.facts.organisation.all().map(|row| row.id).collect::<Vec<_>>())),
            _ => None,
        }
    }

    /// Agreements that name the processor who asks, mostly with the usual one among them.
    fn served(&self, chance: &mut Chance, usual: AgreementId) -> BTreeSet<AgreementId> {
        let usual = chance.percent(90).then_some(usual);
        self.facts.agreement.all().map(|row| row.id).filter(|_| chance.percent(50)).chain(usual).collect()
    }

    /// Instant near the middle, at or beside a change, or anywhere.
    pub fn instant(&self, chance: &mut Chance) -> Instant {
        match chance.below(12) {
            0..9 => far(chance, 30),
            9..11 if !self.moments.is_empty() => {
                chance.pick(&self.moments) + TimeDelta::microseconds(chance.between(-1, 1))
            }
            _ => far(chance, 450),
        }
    }
}

/// Instant at most so many days from the middle.
pub fn far(chance: &mut Chance, days: u64) -> Instant {
    let first = helsinki_midnight(rows::middle() - Days::new(days));
    let width = TimeDelta::days(2 * i64::try_from(days).unwrap_or(0)).num_microseconds().unwrap_or(0);
    first + TimeDelta::microseconds(chance.between(0, width))
}

fn asked_items(chance: &mut Chance, items: &[&scope_item::Model], first: &scope_item::Model) -> Vec<ItemCode> {
    let mut asked = vec![first.item_code.clone()];
    for _ in 0..chance.pick(&[0, 0, 0, 0, 1, 2]) {
        let code = match chance.below(10) {
            0..7 => chance.pick(items).item_code.clone(),
            7..9 => narrowed(chance, &first.item_code),
            _ => rows::item_code(chance.pick(&ITEMS)),
        };
        if !asked.contains(&code) {
            asked.push(code);
        }
    }
    if chance.percent(20) {
        asked[0] = narrowed(chance, &first.item_code);
        asked.dedup();
    }
    chance.shuffled(asked)
}

/// The node or something below it, under a qualifier or none.
fn narrowed(chance: &mut Chance, code: &ItemCode) -> ItemCode {
    let below: Vec<&str> = ITEMS.into_iter().filter(|item| item.starts_with(code.node())).collect();
    let node = chance.pick(&below);
    match chance.below(3) {
        0 => rows::item_code(node),
        1 => rows::item_code(&format!("{node}@{}", chance.pick(&QUALIFIERS))),
        _ => code.qualifier().map_or_else(|| rows::item_code(node), |text| rows::item_code(&format!("{node}@{text}"))),
    }
}
