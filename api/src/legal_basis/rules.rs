//! Which wording of a provision is meant, and how a provision is named.

use std::sync::Arc;

use entity::{
    legal_basis,
    vocabulary::{Citation, Instant, Jurisdiction, Language},
};

use crate::{
    decision::{self, Horizon},
    facts::{Facts, citation_key},
};

/// Wording of a provision that is confirmed and in force at an instant.
pub fn wording_at<'a>(facts: &'a Facts, citation: &Citation, at: Instant) -> Option<&'a Arc<legal_basis::Model>> {
    wordings(facts, citation)
        .find(|row| facts.law(row.id).is_some_and(|law| decision::law_in_force(law, &mut Horizon::new(at))))
}

/// Wording of a provision that is in force at an instant, or else its newest, so that a repealed provision is found too.
pub fn wording<'a>(facts: &'a Facts, citation: &Citation, at: Instant) -> Option<&'a Arc<legal_basis::Model>> {
    wording_at(facts, citation, at).or_else(|| wordings(facts, citation).max_by_key(|row| row.valid_from))
}

/// Every wording of a provision, the earliest first, proposed and repealed ones included.
pub fn wordings<'a>(
    facts: &'a Facts,
    citation: &Citation,
) -> impl Iterator<Item = &'a Arc<legal_basis::Model>> + use<'a> {
    facts.legal_basis.by_key_prefix(citation_key(&citation.to_string()))
}

/// Whether a wording has ceased at an instant.
pub fn is_repealed(row: &legal_basis::Model, at: Instant) -> bool {
    row.valid_until.is_some_and(|until| until <= at)
}

/// Provision as a reader of a language would write it: the act with its number, then the place in it. Where the act has
/// no title in that language, the whole is Finnish.
pub fn name(row: &legal_basis::Model, language: Language) -> String {
    let act = match row.jurisdiction {
        Jurisdiction::Eu => format!("(EU) {}/{}", row.year, row.number),
        Jurisdiction::Fi | Jurisdiction::Ax => format!("{}/{}", row.number, row.year),
    };
    let said = if row.jurisdiction == Jurisdiction::Eu { act.clone() } else { format!("({act})") };
    match (language, &row.title_sv, &row.title_en, place(row)) {
        (Language::Sv, Some(title), _, Some(place)) => format!("{title} {said} {}", place.display_sv()),
        (Language::En, _, Some(title), Some(place)) => format!("{title} {said}, {}", place.display_en()),
        _ => {
            let place = row.citation.strip_prefix(&act).unwrap_or(&row.citation);
            format!("{} {said} {}", row.title_fi, place.trim_start())
        }
    }
}

/// Place a row stands for, in the parts of a citation; null where its canonical text is none we can read.
fn place(row: &legal_basis::Model) -> Option<Citation> {
    row.citation.parse().ok().map(|citation| Citation { jurisdiction: row.jurisdiction, ..citation })
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{Evidence, LegalBasisId, ProposalStatus};
    use uuid::Uuid;

    use super::*;
    use crate::facts::Edit;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn provision(id: u128, from: &str, until: Option<&str>) -> legal_basis::Model {
        legal_basis::Model {
            id: LegalBasisId(Uuid::from_u128(id)),
            jurisdiction: Jurisdiction::Fi,
            number: 906,
            year: 2019,
            chapter: None,
            section: "22".to_owned(),
            moment: Some(1),
            item: None,
            subitem: None,
            citation: "906/2019 22 § 1 mom".to_owned(),
            eli: None,
            title_fi: "Laki julkisen hallinnon tiedonhallinnasta".to_owned(),
            title_sv: Some("Lag om informationshantering inom den offentliga förvaltningen".to_owned()),
            title_en: Some("Act on Information Management in Public Administration".to_owned()),
            summary_fi: None,
            summary_sv: None,
            summary_en: None,
            threshold: None,
            allows_electronic: true,
            overrides_secrecy: false,
            informs_subject_beforehand: false,
            valid_from: instant(from),
            valid_until: until.map(instant),
            superseded_by_id: None,
            checked_on: "2026-01-01".parse().unwrap(),
            evidence: Evidence::PrimaryText,
            status: ProposalStatus::Confirmed,
            proposed_by: "admin-1".to_owned(),
            confirmed_by: Some("admin-2".to_owned()),
        }
    }

    fn facts(rows: &[legal_basis::Model]) -> Facts {
        let edits: Vec<Edit> = rows.iter().cloned().map(Edit::from).collect();
        Facts::default().after(1, &edits)
    }

    fn citation() -> Citation {
        "906/2019 22 §:n 1 momentti".parse().unwrap()
    }

    #[test]
    fn wording_is_the_one_in_force_at_the_instant() {
        let earlier = provision(1, "2020-01-01T00:00:00Z", Some("2024-01-01T00:00:00Z"));
        let later = provision(2, "2024-01-01T00:00:00Z", None);
        let facts = facts(&[earlier.clone(), later.clone()]);
        let at = |text| wording_at(&facts, &citation(), instant(text)).map(|row| row.id);
        assert_eq!(at("2023-12-31T23:59:59Z"), Some(earlier.id));
        assert_eq!(at("2024-01-01T00:00:00Z"), Some(later.id));
        assert_eq!(at("2019-01-01T00:00:00Z"), None);
    }

    #[test]
    fn repealed_provision_is_found_in_its_newest_wording() {
        let rows = [
            provision(2, "2010-01-01T00:00:00Z", Some("2020-01-01T00:00:00Z")),
            provision(1, "2020-01-01T00:00:00Z", Some("2024-01-01T00:00:00Z")),
        ];
        let facts = facts(&rows);
        let now = instant("2026-01-01T00:00:00Z");
        assert_eq!(wording(&facts, &citation(), now).map(|row| row.id), Some(rows[1].id));
        assert_eq!(wording_at(&facts, &citation(), now), None);
        assert!(is_repealed(&rows[1], now) && !is_repealed(&rows[1], rows[1].valid_from));
    }

    #[test]
    fn wordings_stand_in_the_order_of_their_days() {
        let days = ["1999-12-01", "2001-09-08", "2001-09-10", "2024-01-01", "0900-01-01", "1950-01-01"];
        let rows: Vec<_> = (1..).zip(days).map(|(id, day)| provision(id, &format!("{day}T00:00:00Z"), None)).collect();
        let facts = facts(&rows);
        let found: Vec<Instant> = wordings(&facts, &citation()).map(|row| row.valid_from).collect();
        assert_eq!(found.len(), days.len());
        assert!(found.is_sorted(), "{found:?}");
    }

    #[test]
    fn proposal_is_no_wording_in_force() {
        let proposed =
            legal_basis::Model { status: ProposalStatus::Proposed, ..provision(1, "2020-01-01T00:00:00Z", None) };
        assert_eq!(wording_at(&facts(&[proposed]), &citation(), instant("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn provision_is_named_as_readers_of_each_language_write_it() {
        let row = provision(1, "2020-01-01T00:00:00Z", None);
        let fi = "Laki julkisen hallinnon tiedonhallinnasta (906/2019) 22 § 1 mom";
        assert_eq!(name(&row, Language::Fi), fi);
        assert_eq!(
            name(&row, Language::Sv),
            "Lag om informationshantering inom den offentliga förvaltningen (906/2019) 22 § 1 mom."
        );
        assert_eq!(
            name(&row, Language::En),
            "Act on Information Management in Public Administration (906/2019), Section 22(1)"
        );
        let untitled = legal_basis::Model { title_sv: None, ..row };
        assert_eq!(name(&untitled, Language::Sv), fi);
    }

    #[test]
    fn provision_of_an_eu_act_is_named_by_its_year_first() {
        let row = legal_basis::Model {
            jurisdiction: Jurisdiction::Eu,
            number: 679,
            year: 2016,
            section: "6".to_owned(),
            citation: "(EU) 2016/679 6 art. 1 kohta".to_owned(),
            title_fi: "Yleinen tietosuoja-asetus".to_owned(),
            title_en: Some("General Data Protection Regulation".to_owned()),
            ..provision(1, "2018-05-25T00:00:00Z", None)
        };
        assert_eq!(name(&row, Language::Fi), "Yleinen tietosuoja-asetus (EU) 2016/679 6 art. 1 kohta");
        assert_eq!(name(&row, Language::En), "General Data Protection Regulation (EU) 2016/679, Article 6(1)");
    }
}
