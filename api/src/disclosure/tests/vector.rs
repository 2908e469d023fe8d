use entity::{
    disclosure,
    vocabulary::{Channel, ClosedEnum, OnwardRecipientKind, PersonalIdentityCode},
};

use super::*;
use crate::{
    disclosure::{
        coverage::{Door, judged},
        interned::{basis_members, interned_id, members},
        row::{self, Names, Place, Pseudonym, Pseudonyms, Sets, content_hash, message_hash},
        rules::check,
    },
    journal::leaf::{EntryKind, canonical, commitments, hex, hmac_sha256, leaf_hash},
};

/// Example of `docs/log-format.md`, recomputed.
#[test]
fn example_of_the_documentation_is_what_the_code_makes() -> Result<(), Error> {
    let documentation = include_str!("../../../../docs/log-format.md");
    let salt: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap_or(0));
    let facts = facts();
    let checked =
        check(&facts, instant("2026-03-02T08:00:01Z"), KELA, &draft("example-1"), "").map_err(Error::Invalid)?;
    let code = PersonalIdentityCode::parse(CODE).map_err(|fault| Error::internal(fault.to_string()))?;
    let pseudonym = hmac_sha256(&salt, &[b"hetu:v1:", code.expose().as_bytes()]);
    let mut judged = judged(&facts, &checked, Door::Record, None);
    judged.bases = vec![BASIS];
    let place = Place {
        id: "019cad8f-8840-7001-8000-000000000001"
            .parse::<Uuid>()
            .map_err(|error| Error::internal(error.to_string()))?
            .into(),
        recorded_at: instant("2026-03-02T08:00:01.000001Z"),
        leaf_index: 41,
    };
    let pseudonyms = Pseudonyms { subject: Some(Pseudonym { bytes: pseudonym, key_version: 1 }), user: None };
    let sets = Sets { items: interned_id(&members(&judged.items)), bases: interned_id(&basis_members(&judged.bases)) };
    let row = place.given_to(row::model(&facts, &checked, &judged, pseudonyms, sets), None);
    let names = Names::of(&facts, &row, &judged.items, &judged.bases);
    let (subject, restricted) = row::parts(&row, &names);
    let (subject, restricted) = (serde_json::to_value(subject)?, serde_json::to_value(restricted)?);
    let committed = commitments(&salt, &canonical(&subject)?, &canonical(&restricted)?);
    let input = row::input(&facts, &checked, Door::Record)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for expected in [
        hex(&salt),
        hex(&pseudonym),
        hex(&message_hash("example-1", 0)),
        text(&input),
        hex(&content_hash(&salt, &input)),
        text(&canonical(&subject)?),
        hex(&committed.subject),
        text(&canonical(&restricted)?),
        hex(&committed.restricted),
        hex(&leaf_hash(EntryKind::Disclosure, &committed)),
    ] {
        assert!(documentation.contains(&expected), "docs/log-format.md lacks {expected}");
    }
    Ok(())
}

#[test]
fn parts_are_written_in_canonical_order_whatever_a_row_holds() -> Result<(), Error> {
    let facts = facts();
    let checked =
        check(&facts, instant("2026-03-02T08:00:01Z"), KELA, &draft("example-2"), "").map_err(Error::Invalid)?;
    let mut judged = judged(&facts, &checked, Door::Record, None);
    judged.bases = vec![BASIS];
    let place = Place { id: Uuid::nil().into(), recorded_at: instant("2026-03-02T08:00:01.000001Z"), leaf_index: 1 };
    let pseudonym = Some(Pseudonym { bytes: [7; 32], key_version: 2 });
    let sets = Sets { items: interned_id("a"), bases: interned_id("b") };
    let pseudonyms = Pseudonyms { subject: pseudonym, user: pseudonym };
    let corrected = Some(Uuid::max().into());
    let full = disclosure::Model {
        agreement_id: Some(AgreementId(Uuid::from_u128(8))),
        consent_reference: Some("S-1 \u{1f}\"é\u{2028}".to_owned()),
        case_reference: Some("\\ 1/2026 / 😀".to_owned()),
        client_system: Some("client".to_owned()),
        onward_recipient_kind: Some(OnwardRecipientKind::Applicant),
        processor_id: Some(KELA),
        reasons: "NO_AGREEMENT MANDATE_MISSING".to_owned(),
        subject_business_id: Some("0246246-0".parse().map_err(|_| Error::internal("business id"))?),
        withheld_until: Some(place.recorded_at),
        withholding_basis_id: Some(BASIS),
        ..place.given_to(row::model(&facts, &checked, &judged, pseudonyms, sets), corrected)
    };
    let names = Names::of(&facts, &full, &judged.items, &judged.bases);
    let (subject, restricted) = row::parts(&full, &names);
    assert_eq!(serde_json::to_vec(&subject)?, canonical(&subject)?);
    assert_eq!(serde_json::to_vec(&restricted)?, canonical(&restricted)?);
    Ok(())
}

#[test]
fn input_is_in_canonical_form() -> Result<(), Error> {
    let facts = facts();
    let mut full = draft("m \"ä\" \\ \u{2028}");
    full.end_user = Some("käyttäjä".to_owned());
    full.channel = Channel::Other;
    full.corrects = Some("earlier".to_owned());
    full.agreement = Some("KEL-1".to_owned());
    full.withheld_until = Some("2026-06-01T00:00:00Z".to_owned());
    full.withholding_basis = Some("621/1999 11 § 2 mom".to_owned());
    full.subject =
        SubjectDraft::OtherPersonIdentifier { system: "x".to_owned(), value: Zeroizing::new("y".to_owned()) };
    let checked = check(&facts, instant("2026-03-02T08:00:01Z"), KELA, &full, "").map_err(Error::Invalid)?;
    for door in [Door::Record, Door::Authorise(crate::disclosure::OnPartial::AcceptPart)] {
        let input = row::input(&facts, &checked, door)?;
        let value: serde_json::Value = serde_json::from_slice(&input)?;
        assert_eq!(canonical(&value)?, *input);
    }
    assert_eq!(checked.channel.code(), "OTHER");
    Ok(())
}

#[test]
fn message_and_part_never_run_together() {
    assert_ne!(message_hash("1", 0), message_hash("", 1));
    assert_ne!(message_hash("a", 1), message_hash("a", 2));
    assert_ne!(message_hash("a", 1), message_hash("a1", 0));
}
