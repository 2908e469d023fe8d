//! What the agreements of a file lack: named where it stands, and what becomes of an agreement that lacks it.

use entity::{
    agreement,
    vocabulary::{AgreementStatus, CompletenessCode, Language},
};

use super::{Form, Reader};
use crate::{
    FaultCode, decision,
    world::{Admission, WorldFile, WorldGap, WorldScore, fields::Fields, rules},
};
use entity::vocabulary::Instant;

/// Things the paper itself should have told. What else an agreement lacks is done in the gateway later.
const ON_PAPER: [(CompletenessCode, &str); 9] = [
    (CompletenessCode::TermMissing, "starts_on"),
    (CompletenessCode::SigningDayMissing, "signed_on"),
    (CompletenessCode::RightMissing, "bases"),
    (CompletenessCode::ScopeMissing, "scopes"),
    (CompletenessCode::PurposeMissing, "scopes"),
    (CompletenessCode::ItemMissing, "scopes"),
    (CompletenessCode::ItemBasisMissing, "scopes"),
    (CompletenessCode::DiscloserContactMissing, "discloser"),
    (CompletenessCode::RecipientContactMissing, "recipient"),
];

impl<'a> Reader<'a> {
    /// Gaps of the agreements that come in incomplete, and how whole every agreement of the files is.
    pub(super) fn measured(&self, now: Instant) -> (Vec<WorldGap>, Vec<WorldScore>) {
        let (mut gaps, mut scores) = (Vec::new(), Vec::new());
        for (id, fields) in &self.agreements {
            let Some(dossier) = self.facts.dossier(*id) else { continue };
            let completeness = decision::completeness(&self.facts, dossier, now);
            if dossier.row.status == AgreementStatus::RegisteredIncomplete {
                let lacks = ON_PAPER.iter().filter(|(code, _)| completeness.missing.contains(code));
                gaps.extend(lacks.map(|(code, key)| gap(fields, *code, key)));
            }
            scores.push(WorldScore { number: dossier.row.number.clone(), completeness });
        }
        (gaps, scores)
    }

    /// Gaps as they stand where nothing incomplete is admitted: those of a table are faults, and those of what a file itself
    /// calls registered incomplete remain.
    pub(super) fn refused(&self, gaps: Vec<WorldGap>) -> Vec<WorldGap> {
        let is_table = |gap: &WorldGap| Form::named(&gap.place.file) == Form::Table;
        let (refused, admitted): (Vec<_>, Vec<_>) = gaps.into_iter().partition(is_table);
        for gap in refused {
            let mut fault = gap.place;
            fault.message.push_str("; fill it in, or admit what is incomplete");
            self.faults.add(fault);
        }
        admitted
    }

    /// Status an agreement comes in with: what lacks what its status needs is registered incomplete, where that is admitted.
    pub(super) fn admitted(&self, fields: &Fields<'a>, row: agreement::Model) -> agreement::Model {
        let standing = self.base.agreement.by_key(&row.number).map(|row| row.status);
        let lacking =
            self.admission == Admission::Incomplete && !rules::may_lack_basis(row.status) && lacks(fields, &row);
        if !lacking {
            return row;
        }
        if standing.is_some_and(|status| status != AgreementStatus::RegisteredIncomplete) {
            fields.fault(
                "status",
                FaultCode::WrongStatus,
                "is more than what stands; what is lacking cannot be registered",
            );
        }
        agreement::Model { status: AgreementStatus::RegisteredIncomplete, ..row }
    }
}

impl Form {
    pub(super) fn named(file: &str) -> Self {
        Self::of(&WorldFile { name: file.to_owned(), text: String::new() })
    }
}

/// Whether an agreement of a file lacks what its status needs.
fn lacks(fields: &Fields<'_>, row: &agreement::Model) -> bool {
    let bare =
        |scope: &Fields<'_>| !scope.given("purposes") || scope.maps("items").iter().any(|item| !item.given("bases"));
    fields.maps("bases").is_empty()
        || (rules::is_signed(row.status) && row.signed_on.is_none())
        || fields.maps("scopes").iter().any(bare)
}

fn gap(fields: &Fields<'_>, code: CompletenessCode, key: &str) -> WorldGap {
    let place = fields.place_of(key).fault(FaultCode::Blank, decision::completeness_message(code, Language::En));
    WorldGap { code, place }
}
