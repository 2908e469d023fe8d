//! Whose log of disclosures a viewer keeps, and what it sees of the log.

use entity::vocabulary::{AgreementId, AgreementSide, OrganisationId};

use super::{acting_side, audits, audits_all, is_processor, own_id};
use crate::{
    Error,
    auth::{Role, Viewer},
    facts::{self, Facts},
};

/// Who keeps a log: the organisation whose it is, and the processor that acts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogKeeper {
    /// Whose log.
    pub organisation: OrganisationId,
    /// Who acts for it under the agreements that name it; null when it acts itself.
    pub processor: Option<OrganisationId>,
}

impl From<OrganisationId> for LogKeeper {
    fn from(organisation: OrganisationId) -> Self {
        Self { organisation, processor: None }
    }
}

/// Whose log the viewer keeps: that of its own organisation; a processor, that of whom it acts for.
///
/// # Errors
/// Forbidden when the registry does not know the organisation, or none of its agreements names the processor.
pub fn log_keeper(facts: &Facts, viewer: &Viewer) -> Result<LogKeeper, Error> {
    let own = own_id(facts, viewer).ok_or(Error::Forbidden)?;
    let Some(processor) = viewer.processor else { return Ok(own.into()) };
    let processor = facts.organisation_of(processor.as_str()).ok_or(Error::Forbidden)?.id;
    let keeper = LogKeeper { organisation: own, processor: Some(processor) };
    if served(facts, own, processor).next().is_some() { Ok(keeper) } else { Err(Error::Forbidden) }
}

/// Agreements of an organisation, and of those whose place it took, that name a processor.
pub fn served(
    facts: &Facts,
    organisation: OrganisationId,
    processor: OrganisationId,
) -> impl Iterator<Item = AgreementId> {
    let agreements = facts.agreements_of(organisation).map(|agreement| agreement.id);
    agreements.filter(move |id| is_processor(facts, (processor, organisation), *id))
}

/// Rows of the log a viewer sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Rows {
    /// Every row.
    #[default]
    All,
    /// Rows an organisation, or one whose place it took, gave or received.
    Of(Vec<OrganisationId>),
    /// Of those the rows under agreements that name a processor, and what that processor recorded.
    Served {
        /// Whose rows.
        parties: Vec<OrganisationId>,
        /// Agreements that name the processor.
        agreements: Vec<AgreementId>,
        /// The processor.
        processor: OrganisationId,
    },
}

impl Rows {
    /// Whose they are; null where they are everybody's.
    pub fn parties(&self) -> Option<&[OrganisationId]> {
        match self {
            Self::All => None,
            Self::Of(parties) | Self::Served { parties, .. } => Some(parties),
        }
    }

    /// Whether they are told by whose they are, and either of two parties is among those.
    pub fn are_of(&self, (one, other): (OrganisationId, OrganisationId)) -> bool {
        self.parties().is_some_and(|parties| parties.contains(&one) || parties.contains(&other))
    }
}

/// Rows of the log the viewer sees: all for the data-protection authority's auditor, else those of its own organisation.
///
/// # Errors
/// As [`log_keeper`].
pub fn rows(facts: &Facts, viewer: &Viewer) -> Result<Rows, Error> {
    if audits_all(facts, viewer) {
        return Ok(Rows::All);
    }
    let keeper = log_keeper(facts, viewer)?;
    let parties = facts.lineage(keeper.organisation);
    Ok(match keeper.processor {
        None => Rows::Of(parties),
        Some(processor) => {
            let agreements = served(facts, keeper.organisation, processor).collect();
            Rows::Served { parties, agreements, processor }
        }
    })
}

/// What a viewer learns of one person's disclosures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonSight {
    /// What the person may see: everyone's rows but those withheld from it.
    Person,
    /// Rows of the log, withheld or not: the discloser's own, or those an auditor sees.
    Log(Rows),
}

/// What a viewer learns of one person's disclosures: the subject service stands for the person; an officer and an auditor
/// read the log of their own.
///
/// # Errors
/// Forbidden for everyone else, and as [`rows`].
pub fn person_sight(facts: &Facts, viewer: &Viewer) -> Result<PersonSight, Error> {
    if viewer.is(Role::SubjectService) && viewer.processor.is_none() {
        return own_id(facts, viewer).map(|_| PersonSight::Person).ok_or(Error::Forbidden);
    }
    if viewer.is(Role::Officer) || viewer.is(Role::Auditor) {
        return rows(facts, viewer).map(PersonSight::Log);
    }
    Err(Error::Forbidden)
}

/// Whether the viewer sees the anomalies of an agreement: the discloser's officers do, and the auditors of either side. The
/// recipient, whose people they may concern, does not.
pub fn sees_anomalies(facts: &Facts, viewer: &Viewer, agreement: AgreementId) -> bool {
    facts.agreement.get(agreement).is_some_and(|row| {
        acting_side(facts, viewer, row) == Some(AgreementSide::Discloser)
            || audits(facts, viewer, &[row.discloser_id, row.recipient_id])
    })
}

/// Whether the viewer sees the pseudonyms of subjects: they are the discloser's. A recipient knows whom it asked about by
/// its own message id.
pub fn sees_subjects(facts: &Facts, viewer: &Viewer, discloser: OrganisationId) -> bool {
    own_id(facts, viewer).is_some_and(|own| facts::stands_for(facts, own, discloser))
}
