//! The canonical form of a content, its hash, and every way in which two contents differ.

use std::sync::Arc;

use entity::{
    agreement_party, data_item, organisation,
    vocabulary::{Instant, RowId},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::facts::{Catalogue, Edit, bare};

fn id<I: RowId>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn basis(citation: &str) -> BasisContent {
    BasisContent {
        citation: citation.to_owned(),
        valid_from: "2024-01-01T00:00:00.000000Z".to_owned(),
        role: BasisRole::RightToReceive,
    }
}

fn item(code: &str) -> ItemContent {
    ItemContent {
        item: code.parse().unwrap(),
        operation: Operation::Read,
        look_back_days: Some(365),
        population: Population::OwnClients,
        bases: vec![basis("703/2023 64 § 1 mom")],
        mandates: vec!["M1".to_owned()],
    }
}

fn onward() -> OnwardContent {
    OnwardContent {
        recipient_kind: OnwardRecipientKind::AppealBody,
        purpose: "APPEAL".to_owned(),
        valid_from: "2026-01-01T00:00:00.000000Z".to_owned(),
        valid_until: Some("2027-01-01T00:00:00.000000Z".to_owned()),
        threshold: Some(Threshold::Necessary),
        items: vec!["KEL.DECISION".parse().unwrap()],
        bases: vec![basis("621/1999 26 § 1 mom")],
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn content() -> Content {
    Content {
        agreement: "KEL-1".to_owned(),
        kind: AgreementKind::Agreement,
        discloser: "0246246-0".to_owned(),
        recipient: "3221308-6".to_owned(),
        register: "KELMU".to_owned(),
        catalogue_version: 1,
        starts_on: Some(day("2026-01-01")),
        ends_on: Some(day("2027-12-31")),
        parties: vec![PartyContent { organisation: "2229500-6".to_owned(), role: PartyRole::Processor }],
        bases: vec![basis("703/2023 64 § 1 mom")],
        scopes: vec![ScopeContent {
            channel: Channel::TechnicalInterface,
            regularity: Regularity::RecurringFixed,
            necessity_check: NecessityCheck::CaseReference,
            mode_justification: None,
            mode_justification_text: None,
            admission: Admission::Mandate,
            retention_days: Some(30),
            defined_on: day("2026-01-01"),
            purposes: vec!["SOCIAL_ASSISTANCE".to_owned()],
            items: vec![item("KEL.DECISION")],
        }],
        onward_rules: vec![onward()],
    }
}

/// What the standard makes of the content above: members by name, no space, no escape that need not be.
const CANONICAL: &str = r#"{"agreement":"KEL-1","bases":[{"citation":"703/2023 64 § 1 mom","role":"RIGHT_TO_RECEIVE","validFrom":"2024-01-01T00:00:00.000000Z"}],"catalogueVersion":1,"discloser":"0246246-0","endsOn":"2027-12-31","kind":"AGREEMENT","onwardRules":[{"bases":[{"citation":"621/1999 26 § 1 mom","role":"RIGHT_TO_RECEIVE","validFrom":"2024-01-01T00:00:00.000000Z"}],"items":["KEL.DECISION"],"purpose":"APPEAL","recipientKind":"APPEAL_BODY","threshold":"NECESSARY","validFrom":"2026-01-01T00:00:00.000000Z","validUntil":"2027-01-01T00:00:00.000000Z"}],"parties":[{"organisation":"2229500-6","role":"PROCESSOR"}],"recipient":"3221308-6","register":"KELMU","scopes":[{"admission":"MANDATE","channel":"TECHNICAL_INTERFACE","definedOn":"2026-01-01","items":[{"bases":[{"citation":"703/2023 64 § 1 mom","role":"RIGHT_TO_RECEIVE","validFrom":"2024-01-01T00:00:00.000000Z"}],"item":"KEL.DECISION","lookBackDays":365,"mandates":["M1"],"operation":"READ","population":"OWN_CLIENTS"}],"necessityCheck":"CASE_REFERENCE","purposes":["SOCIAL_ASSISTANCE"],"regularity":"RECURRING_FIXED","retentionDays":30}],"startsOn":"2026-01-01"}"#;

const HASH: &str = "a664ecd4fcfa0cbc3344d8f458746887e86c9a31eed7708c1ead286f9e9a4ca4";

#[test]
fn content_has_one_form_and_its_hash_is_anyones_to_compute() {
    assert_eq!(content().canonical(), CANONICAL);
    assert_eq!(content_hash(CANONICAL), HASH);
    assert_eq!(content_hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let turned = r#"{"scopes": [], "register":"\u004b", "recipient":"r","parties":[],"onwardRules":[],"kind":"PERMIT",
        "discloser":"d", "catalogueVersion": 1, "bases":[], "agreement":"\u00e4"}"#;
    let read: Content = serde_json::from_str(turned).unwrap();
    let form = r#"{"agreement":"ä","bases":[],"catalogueVersion":1,"discloser":"d","kind":"PERMIT","onwardRules":[],"parties":[],"recipient":"r","register":"K","scopes":[]}"#;
    assert_eq!(read.canonical(), form);
}

#[test]
fn order_of_rows_makes_no_other_content() {
    let parties = [(10, PartyRole::Processor), (11, PartyRole::JointController), (12, PartyRole::TechnicalOperator)];
    let bodies = [1, 2, 3].map(|at| {
        let row = bare::organisation(id(at));
        Edit::from(organisation::Model { name_fi: format!("Virasto {at}"), ..row })
    });
    let rows = parties.map(|(at, role)| {
        Edit::from(agreement_party::Model { id: id(at), agreement_id: id(20), organisation_id: id(3), role })
    });
    let agreement = Edit::from(bare::agreement(id(20), id(1), id(2), id(30)));
    let register = Edit::from(bare::register(id(30), id(1)));
    let forward: Vec<_> = [vec![agreement, register], bodies.to_vec(), rows.to_vec()].concat();
    let backward: Vec<_> = forward.iter().rev().cloned().collect();
    let [one, other] = [forward, backward].map(|edits| {
        let facts = Facts::default().after(1, &edits);
        Content::of(&facts, facts.dossier(id(20)).unwrap()).canonical()
    });
    assert_eq!(one, other);
    let read: Content = serde_json::from_str(&one).unwrap();
    assert_eq!(read.canonical(), one, "what is read is written as it was");
}

/// Differences as kind and place.
fn found(earlier: &Content, later: &Content) -> Vec<(DifferenceKind, String)> {
    let found = differences(earlier, later, None);
    found.into_iter().map(|difference| (difference.kind, difference.path.join("/"))).collect()
}

const SCOPE: &str = "scopes/TECHNICAL_INTERFACE";
const ITEM: &str = "scopes/TECHNICAL_INTERFACE/items/KEL.DECISION/READ";
const RULE: &str = "onwardRules/APPEAL_BODY/APPEAL/2026-01-01T00:00:00.000000Z";

type Change = fn(&mut Content);

/// Changes that give more, each with its place; turned round they give less.
fn widenings() -> Vec<(String, Change)> {
    use DifferenceKind::{Added, Widened};
    let at = |kind: DifferenceKind, place: &str, change: Change| {
        assert!(matches!(kind, Added | Widened));
        (format!("{kind:?} {place}"), change)
    };
    let within = |place: &str| format!("{SCOPE}/{place}");
    let of_item = |place: &str| format!("{ITEM}/{place}");
    let of_rule = |place: &str| format!("{RULE}/{place}");
    vec![
        at(Widened, "startsOn", |to| to.starts_on = Some(day("2025-12-31"))),
        at(Widened, "startsOn", |to| to.starts_on = None),
        at(Widened, "endsOn", |to| to.ends_on = Some(day("2028-01-01"))),
        at(Widened, "endsOn", |to| to.ends_on = None),
        at(Added, "parties/9900001-8/PROCESSOR", |to| {
            to.parties.push(PartyContent { organisation: "9900001-8".to_owned(), role: PartyRole::Processor });
        }),
        at(Added, "bases/1/2020 1 § @2024-01-01T00:00:00.000000Z (RIGHT_TO_RECEIVE)", |to| {
            to.bases.push(basis("1/2020 1 §"));
        }),
        at(Added, "scopes/VIEWING_CONNECTION", |to| {
            let scope = ScopeContent { channel: Channel::ViewingConnection, ..to.scopes[0].clone() };
            to.scopes.push(scope);
        }),
        at(Widened, &within("admission"), |to| to.scopes[0].admission = Admission::None),
        at(Widened, &within("retentionDays"), |to| to.scopes[0].retention_days = Some(31)),
        at(Widened, &within("retentionDays"), |to| to.scopes[0].retention_days = None),
        at(Widened, &within("definedOn"), |to| to.scopes[0].defined_on = day("2026-01-02")),
        at(Added, &within("purposes/TAXATION"), |to| to.scopes[0].purposes.push("TAXATION".to_owned())),
        at(Added, &within("items/KEL.BENEFIT/READ"), |to| to.scopes[0].items.push(item("KEL.BENEFIT"))),
        at(Added, &within("items/KEL.DECISION/LIST"), |to| {
            let list = ItemContent { operation: Operation::List, ..item("KEL.DECISION") };
            to.scopes[0].items.push(list);
        }),
        at(Widened, &of_item("lookBackDays"), |to| to.scopes[0].items[0].look_back_days = Some(366)),
        at(Widened, &of_item("lookBackDays"), |to| to.scopes[0].items[0].look_back_days = None),
        at(Widened, &of_item("population"), |to| to.scopes[0].items[0].population = Population::All),
        at(Widened, &of_item("mandates/M1"), |to| to.scopes[0].items[0].mandates.clear()),
        at(Added, &of_item("bases/1/2020 1 § @2024-01-01T00:00:00.000000Z (RIGHT_TO_RECEIVE)"), |to| {
            to.scopes[0].items[0].bases.push(basis("1/2020 1 §"));
        }),
        at(Added, "onwardRules/APPLICANT/APPEAL/2026-01-01T00:00:00.000000Z", |to| {
            to.onward_rules.push(OnwardContent { recipient_kind: OnwardRecipientKind::Applicant, ..onward() });
        }),
        at(Widened, &of_rule("validUntil"), |to| to.onward_rules[0].valid_until = None),
        at(Widened, &of_rule("threshold"), |to| to.onward_rules[0].threshold = Some(Threshold::Needed)),
        at(Widened, &of_rule("threshold"), |to| to.onward_rules[0].threshold = None),
        at(Added, &of_rule("items/KEL.BENEFIT"), |to| to.onward_rules[0].items.push("KEL.BENEFIT".parse().unwrap())),
    ]
}

/// Changes after which something else stands: both parties must agree to them either way.
fn others() -> Vec<(&'static str, Change)> {
    vec![
        ("recipient", |to| to.recipient = "0211675-2".to_owned()),
        ("catalogueVersion", |to| to.catalogue_version = 2),
        ("scopes/TECHNICAL_INTERFACE/necessityCheck", |to| {
            to.scopes[0].necessity_check = NecessityCheck::ConsentCheck;
        }),
        ("scopes/TECHNICAL_INTERFACE/modeJustification", |to| {
            to.scopes[0].mode_justification = Some(ModeJustification::TechnicallyInappropriate);
        }),
    ]
}

fn changed(change: Change) -> Content {
    let mut later = content();
    change(&mut later);
    later
}

#[test]
fn each_term_that_gives_more_is_told_at_its_place_and_turned_round_gives_less() {
    for (expected, change) in widenings() {
        let later = changed(change);
        let more = differences(&content(), &later, None);
        let [only] = more.as_slice() else { panic!("{expected}: {more:?}") };
        assert_eq!(format!("{:?} {}", only.kind, only.path.join("/")), expected);
        assert!(only.gives_more(), "{expected}");
        let less = differences(&later, &content(), None);
        let [only] = less.as_slice() else { panic!("{expected}: {less:?}") };
        assert!(!only.gives_more(), "{expected}");
    }
    for (place, change) in others() {
        let later = changed(change);
        let expected = [(DifferenceKind::Widened, place.to_owned())];
        assert_eq!(found(&content(), &later), expected);
        assert_eq!(found(&later, &content()), expected, "another thing is another thing either way");
    }
    let sparing = changed(|to| to.scopes[0].regularity = Regularity::AdHoc);
    assert_eq!(found(&content(), &sparing), [(DifferenceKind::Narrowed, format!("{SCOPE}/regularity"))]);
}

fn catalogue(codes: &[(&str, bool)]) -> Catalogue {
    let rows = codes.iter().zip(1..).map(|((code, is_identity_code), at)| {
        Arc::new(data_item::Model {
            id: id(at),
            register_id: id(30),
            code: code.parse().unwrap(),
            name_fi: (*code).to_owned(),
            name_sv: None,
            name_en: None,
            is_personal: true,
            is_secret: false,
            is_identity_code: *is_identity_code,
            special_category: false,
            is_public: false,
            secrecy_basis_id: None,
            valid_from: Instant::UNIX_EPOCH,
            valid_until: None,
        })
    });
    let mut items: Vec<_> = rows.collect();
    items.sort_by(|a, b| a.code.cmp(&b.code));
    Catalogue { row: Arc::new(bare::register(id(30), id(1))), items, qualifiers: Vec::new() }
}

#[test]
fn part_of_what_was_given_is_less_only_within_every_limit() {
    let catalogue = catalogue(&[("KEL.DECISION", false), ("KEL.DECISION.AMOUNT", false), ("KEL.DECISION.HETU", true)]);
    let instead = |part: ItemContent| {
        let mut later = content();
        later.scopes[0].items = vec![part];
        let found = differences(&content(), &later, Some(&catalogue));
        found.into_iter().filter(|difference| difference.path[3] != "KEL.DECISION").collect::<Vec<_>>()
    };
    let part = || item("KEL.DECISION.AMOUNT");
    let narrower = ItemContent {
        look_back_days: Some(30),
        population: Population::PendingMatter,
        mandates: vec!["M1".to_owned(), "M2".to_owned()],
        ..part()
    };
    for part in [part(), narrower, item("KEL.DECISION@CHILD_HOME_CARE")] {
        let less = instead(part);
        assert_eq!(less.len(), 1);
        assert_eq!((less[0].kind, less[0].before.as_deref()), (DifferenceKind::Narrowed, Some("KEL.DECISION")));
    }
    for more in [
        item("KEL.DECISION.HETU"),
        item("KEL.BENEFIT"),
        ItemContent { operation: Operation::List, ..part() },
        ItemContent { look_back_days: None, ..part() },
        ItemContent { look_back_days: Some(366), ..part() },
        ItemContent { population: Population::All, ..part() },
        ItemContent { mandates: Vec::new(), ..part() },
        ItemContent { mandates: vec!["M2".to_owned()], ..part() },
        ItemContent { bases: vec![basis("1/2020 1 §")], ..part() },
    ] {
        let said = format!("{more:?}");
        assert!(instead(more).iter().any(Difference::gives_more), "{said}");
    }
}

#[test]
fn part_that_came_to_be_after_the_scope_was_defined_is_more() {
    let later = changed(|to| to.scopes[0].items = vec![item("KEL.DECISION.AMOUNT")]);
    // The day of definition begins at 22:00 UTC of the day before; at which instant of it the scope was defined, a content
    // does not say.
    for (valid_from, is_more) in [("2025-12-31T21:59:59Z", false), ("2025-12-31T22:00:00Z", true)] {
        let mut catalogue = catalogue(&[("KEL.DECISION", false), ("KEL.DECISION.AMOUNT", false)]);
        Arc::make_mut(&mut catalogue.items[1]).valid_from = valid_from.parse().unwrap();
        let found = differences(&content(), &later, Some(&catalogue));
        assert_eq!(found.iter().any(Difference::gives_more), is_more, "{valid_from}: {found:?}");
    }
}

#[test]
fn part_wholly_new_or_gone_is_one_difference() {
    let mut without = content();
    without.scopes.clear();
    without.onward_rules.clear();
    let places = |kind| [(kind, RULE.to_owned()), (kind, SCOPE.to_owned())];
    assert_eq!(found(&content(), &without), places(DifferenceKind::Removed));
    assert_eq!(found(&without, &content()), places(DifferenceKind::Added));
    let over = |channel| beyond(&without, &content(), channel, None).len();
    assert_eq!((over(Channel::TechnicalInterface), over(Channel::ViewingConnection)), (1, 0));
}

#[test]
fn two_rules_of_one_place_are_told_apart() {
    let wider = OnwardContent { valid_until: None, items: vec!["KEL".parse().unwrap()], ..onward() };
    let later = changed(|to| to.onward_rules.push(OnwardContent { items: Vec::new(), ..onward() }));
    let both = Content { onward_rules: vec![onward(), wider], ..content() };
    assert!(differences(&content(), &both, None).iter().any(Difference::gives_more));
    assert_eq!(found(&content(), &later).len(), 1);
}

/// Content after some of the changes.
fn some_content() -> impl Strategy<Value = Content> {
    let changes: Vec<Change> = widenings()
        .into_iter()
        .map(|(_, change)| change)
        .chain(others().into_iter().map(|(_, change)| change))
        .collect();
    proptest::collection::vec(proptest::bool::ANY, changes.len()).prop_map(move |chosen| {
        let mut made = content();
        let chosen = chosen.into_iter().zip(&changes).filter(|(is_chosen, _)| *is_chosen);
        chosen.for_each(|(_, change)| change(&mut made));
        made
    })
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(content in some_content()) {
        prop_assert_eq!(differences(&content, &content, None), []);
        prop_assert_eq!(Content::read(&stored(&content)), Some(content));
    }

    #[test]
    fn differences_one_way_mirror_those_the_other_way(earlier in some_content(), later in some_content()) {
        use DifferenceKind::{Added, Narrowed, Removed, Widened};
        let (there, back) = (differences(&earlier, &later, None), differences(&later, &earlier, None));
        prop_assert_eq!(there.len(), back.len());
        for (there, back) in there.iter().zip(&back) {
            prop_assert_eq!(&there.path, &back.path);
            prop_assert_eq!((&there.before, &there.after), (&back.after, &back.before));
            let is_mirrored = matches!(
                (there.kind, back.kind),
                (Added | Narrowed, Removed | Widened) | (Removed | Widened, Added | Narrowed) | (Widened, Widened)
            );
            prop_assert!(is_mirrored, "{:?} {:?}", there, back);
        }
    }

    #[test]
    fn contents_without_a_difference_are_one_content(earlier in some_content(), later in some_content()) {
        let is_same = differences(&earlier, &later, None).is_empty();
        prop_assert_eq!(is_same, earlier.canonical() == later.canonical());
    }
}

fn stored(content: &Content) -> agreement_version::Model {
    let content = content.canonical();
    agreement_version::Model {
        id: id(1),
        agreement_id: id(2),
        version: 1,
        content_hash: content_hash(&content),
        content,
    }
}
