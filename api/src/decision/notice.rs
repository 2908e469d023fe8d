//! By when the supervisory authority must have been told of a personal data breach (GDPR article 33).

use chrono::TimeDelta;
use entity::{
    incident,
    vocabulary::{IncidentKind, IncidentStatus, Instant},
};

/// Hours within which the supervisory authority must be told of a personal data breach, from when it became known.
const NOTICE_HOURS: i64 = 72;

/// Instant by which the authority must have been told; null unless it is a personal data breach. Until somebody says when
/// it became known, it was known when it occurred: the clock never runs later than the law's.
pub fn notify_by(incident: &incident::Model) -> Option<Instant> {
    let known_at = incident.known_at.unwrap_or(incident.occurred_at);
    match incident.kind {
        IncidentKind::DataProtection => Some(known_at + TimeDelta::hours(NOTICE_HOURS)),
        IncidentKind::InformationSecurity | IncidentKind::Misuse => None,
    }
}

/// The same while the notice is still owed: the incident is open, and nobody has said that the authority was told. Closing
/// says either that it was, or why it need not be.
pub fn notice_due(incident: &incident::Model) -> Option<Instant> {
    let is_owed = incident.status != IncidentStatus::Closed && incident.notified_authority_on.is_none();
    notify_by(incident).filter(|_| is_owed)
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{AgreementId, IncidentId, OrganisationId, Publicity};
    use uuid::Uuid;

    use super::*;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn breach() -> incident::Model {
        incident::Model {
            id: IncidentId(Uuid::nil()),
            agreement_id: AgreementId(Uuid::nil()),
            reporter_id: OrganisationId(Uuid::nil()),
            kind: IncidentKind::DataProtection,
            status: IncidentStatus::Reported,
            description: "Tuloste hukassa.".to_owned(),
            occurred_at: instant("2026-03-01T12:00:00Z"),
            known_at: None,
            reported_at: instant("2026-03-05T09:00:00Z"),
            closed_at: None,
            notified_authority_on: None,
            outcome: None,
            publicity: Publicity::PublicationRestricted,
        }
    }

    #[test]
    fn authority_is_told_within_72_hours_of_knowing() {
        assert_eq!(notify_by(&breach()), Some(instant("2026-03-04T12:00:00Z")), "known when it occurred, unless said");
        let noticed = incident::Model { known_at: Some(instant("2026-03-05T08:00:00Z")), ..breach() };
        assert_eq!(notify_by(&noticed), Some(instant("2026-03-08T08:00:00Z")));
        for kind in [IncidentKind::InformationSecurity, IncidentKind::Misuse] {
            assert_eq!(notify_by(&incident::Model { kind, ..breach() }), None);
        }
    }

    #[test]
    fn notice_is_owed_until_it_is_given_or_the_incident_closed() {
        assert!(notice_due(&breach()).is_some());
        let told = incident::Model { notified_authority_on: "2026-03-06".parse().ok(), ..breach() };
        assert_eq!(notice_due(&told), None);
        assert!(notify_by(&told).is_some(), "when it was due stays on record");
        assert_eq!(notice_due(&incident::Model { status: IncidentStatus::Closed, ..breach() }), None);
    }
}
