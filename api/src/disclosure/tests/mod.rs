//! A small registry, and a log of its own on SQLite for every test.

mod coverage;
mod form;
mod log;
mod vector;

use std::sync::Arc;

use chrono::TimeDelta;
use entity::{
    agreement, data_item, legal_basis, organisation, purpose, register,
    vocabulary::{
        AgreementId, Channel, DataItemId, DisclosureGround, DisclosureOutcome, Instant, LegalBasisId, Operation,
        OrganisationId, OrganisationKind, ProposalStatus, PurposeId, RegisterId,
    },
};
use tempfile::TempDir;
use tokio::sync::{Semaphore, oneshot};
use tracing::Span;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    DisclosureDraft, Equipment, RecordLimits, Recorder, SubjectDraft,
    coverage::Door,
    interned::InternedSets,
    prepare::{Call, prepare},
    queue::Job,
};
use crate::{
    Error,
    clock::Clock,
    config::{Connecting, DatabaseUrl},
    database::Database,
    facts::{Edit, Facts, bare},
    journal::{Author, Changes, Journal},
    keys::{Issuance, Keys},
};

pub(super) const KELA: OrganisationId = OrganisationId(Uuid::from_u128(1));
pub(super) const PIRKANMAA: OrganisationId = OrganisationId(Uuid::from_u128(2));
pub(super) const LVV: OrganisationId = OrganisationId(Uuid::from_u128(9));
pub(super) const KELMU: RegisterId = RegisterId(Uuid::from_u128(3));
const PURPOSE: PurposeId = PurposeId(Uuid::from_u128(4));
pub(super) const BASIS: LegalBasisId = LegalBasisId(Uuid::from_u128(7));
pub(super) const CODE: &str = "010594Y9032";
pub(super) const OTHER_CODE: &str = "020594X903P";

pub(super) fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Kela, which discloses from KELMU; LVV, which does not; Pirkanmaa; and a draft of an agreement between them, which carries nothing.
pub(super) fn edits() -> Vec<Edit> {
    vec![
        organisation(KELA, "0246246-0", OrganisationKind::SocialInsuranceInstitution).into(),
        organisation(PIRKANMAA, "3221308-6", OrganisationKind::WellbeingCounty).into(),
        organisation(LVV, "9900001-8", OrganisationKind::StateAgency).into(),
        purpose::Model {
            id: PURPOSE,
            code: "SOCIAL_ASSISTANCE".to_owned(),
            name_fi: "Toimeentulotuki".to_owned(),
            name_sv: None,
            name_en: None,
            dpv_iri: None,
        }
        .into(),
        basis().into(),
        register::Model {
            code: "KELMU".to_owned(),
            channels: [Channel::TechnicalInterface, Channel::ViewingConnection].into_iter().collect(),
            ..bare::register(KELMU, KELA)
        }
        .into(),
        item(5, "KEL.DECISION").into(),
        item(6, "KEL.PENDING").into(),
        agreement().into(),
    ]
}

pub(super) fn facts() -> Facts {
    Facts::default().after(1, &edits())
}

fn organisation(id: OrganisationId, business_id: &str, kind: OrganisationKind) -> organisation::Model {
    organisation::Model {
        business_id: Some(business_id.parse().unwrap()),
        name_fi: business_id.to_owned(),
        kind,
        county_code: (kind == OrganisationKind::WellbeingCounty).then(|| "08".parse().unwrap()),
        ..bare::organisation(id)
    }
}

fn basis() -> legal_basis::Model {
    legal_basis::Model {
        number: 621,
        year: 1999,
        section: "11".to_owned(),
        moment: Some(2),
        citation: "621/1999 11 § 2 mom".to_owned(),
        title_fi: "Laki viranomaisten toiminnan julkisuudesta".to_owned(),
        valid_from: instant("1999-12-01T00:00:00Z"),
        proposed_by: "one".to_owned(),
        confirmed_by: Some("another".to_owned()),
        ..bare::legal_basis(BASIS)
    }
}

fn item(id: u128, code: &str) -> data_item::Model {
    data_item::Model {
        id: DataItemId(Uuid::from_u128(id)),
        register_id: KELMU,
        code: code.parse().unwrap(),
        name_fi: code.to_owned(),
        name_sv: None,
        name_en: None,
        is_personal: true,
        is_secret: false,
        is_identity_code: false,
        special_category: false,
        is_public: false,
        secrecy_basis_id: None,
        valid_from: instant("2020-01-01T00:00:00Z"),
        valid_until: None,
    }
}

fn agreement() -> agreement::Model {
    bare::agreement(AgreementId(Uuid::from_u128(8)), KELA, PIRKANMAA, KELMU)
}

/// Keys of nobody else.
pub(super) fn new_keys() -> Result<Keys, Error> {
    let internal = |error: &dyn std::fmt::Display| Error::internal(error.to_string());
    let directory = tempfile::tempdir().map_err(|error| internal(&error))?;
    Keys::create(directory.path(), Issuance::Development).map_err(|error| internal(&error))
}

/// Call with one report for each message.
pub(super) fn job(keys: &Keys, messages: &[&str]) -> Result<Job, Error> {
    let call = Call { keeper: KELA.into(), door: Door::Record, now: instant("2026-03-02T09:00:00Z") };
    called(keys, call, messages.iter().map(|message| draft(message)))
}

/// Call that comes in by a door the moment its data is given.
pub(super) fn called_at(keys: &Keys, door: Door, now: Instant) -> Result<Job, Error> {
    let now_given = DisclosureDraft { occurred_at: now.to_rfc3339(), ..draft("m") };
    called(keys, Call { keeper: KELA.into(), door, now }, [now_given])
}

fn called(keys: &Keys, call: Call, drafts: impl IntoIterator<Item = DisclosureDraft>) -> Result<Job, Error> {
    let facts = facts();
    let report = |draft| prepare(&facts, keys, call, draft, "disclosures.0".to_owned());
    let reports = drafts.into_iter().map(report).collect::<Result<_, _>>()?;
    let share = Arc::new(Semaphore::new(1)).try_acquire_owned().map_err(|_| Error::internal("no room"))?;
    Ok(Job { call, reports, judged_seq: facts.seq, reply: oneshot::channel().0, share, span: Span::none() })
}

pub(super) fn person(code: &str) -> SubjectDraft {
    SubjectDraft::PersonalIdentityCode(Zeroizing::new(code.to_owned()))
}

/// A disclosure without fault.
pub(super) fn draft(message_id: &str) -> DisclosureDraft {
    DisclosureDraft {
        message_id: message_id.to_owned(),
        part: 0,
        recipient: Some("3221308-6".to_owned()),
        register: "KELMU".to_owned(),
        items: vec!["KEL.PENDING".to_owned(), "KEL.DECISION".to_owned()],
        purpose: "SOCIAL_ASSISTANCE".to_owned(),
        channel: Channel::TechnicalInterface,
        operation: Operation::Read,
        occurred_at: "2026-03-02T10:00:00+02:00".to_owned(),
        subject: person(CODE),
        case_reference: Some("PIRHA/1/2026".to_owned()),
        end_user: None,
        client_system: Some("FI/GOV/3221308-6/social".to_owned()),
        mandates: Vec::new(),
        outcome: DisclosureOutcome::Delivered,
        ground: DisclosureGround::Statute,
        consent_reference: None,
        onward_to: None,
        agreement: None,
        withheld_until: None,
        withholding_basis: None,
        corrects: None,
    }
}

/// A recorder over a database of its own.
pub(super) struct Log {
    pub recorder: Recorder,
    /// Hears when the recorder's thread has done.
    pub ended: oneshot::Receiver<()>,
    pub database: Database,
    pub journal: Journal,
    pub clock: Clock,
    pub directory: TempDir,
}

impl Log {
    pub(super) async fn open() -> Result<Self, Error> {
        Self::limited(RecordLimits { queue_rows_max: 16_384, batch_rows_max: 1_000 }).await
    }

    pub(super) async fn limited(limits: RecordLimits) -> Result<Self, Error> {
        let directory = tempfile::tempdir().map_err(|error| Error::internal(error.to_string()))?;
        let url = format!("sqlite://{}", directory.path().join("log.db").display());
        let url = DatabaseUrl::parse(&url).map_err(Error::internal)?;
        let database = Database::connect(&url, None, Connecting::default()).await?;
        migration::up(&database.write().now()).await?;
        let clock = Clock::default();
        let journal = Journal::open(database.clone(), clock.clone()).await?;
        let author = Author { actor: "test".to_owned(), organisation: None };
        let change = Changes { action: "import", subject: "world:test".to_owned(), reason: None, edits: edits() };
        journal.commit(author, move |_| Ok(vec![change])).await?;
        let keys = Keys::create(directory.path(), Issuance::Development)
            .map_err(|error| Error::internal(error.to_string()))?;
        let equipment = Equipment {
            database: database.clone(),
            journal: journal.clone(),
            clock: clock.clone(),
            keys: Arc::new(keys),
            sets: InternedSets::default(),
            fatal: Box::new(|message| panic!("{message}")),
        };
        let (recorder, ended) = Recorder::start(equipment, limits).await?;
        Ok(Self { recorder, ended, database, journal, clock, directory })
    }

    pub(super) fn later(&self, delta: TimeDelta) {
        self.clock.set(self.clock.now() + delta);
    }
}
