//! A row as a list shows it: the columns its asker asked for, and no others.
//!
//! A row has 41 columns and a page a hundred rows; of a page most askers want a third of each, and what the database sends and
//! the driver makes costs as much for a column nobody reads. A field that reads what was not fetched is an error, never an
//! answer.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use entity::{
    disclosure::{Column, Model},
    vocabulary::{
        AgreementId, BusinessId, Channel, Coverage, DisclosureGround, DisclosureId, DisclosureOutcome, Instant,
        InternedId, ItemCode, LegalBasisId, OnwardRecipientKind, Operation, OrganisationId, PurposeId, RegisterId,
        ScopeId, SubjectKind,
    },
};
use sea_orm::{DbErr, Iterable, QueryResult};

use super::{Recorded, interned};
use crate::Error;

/// What was fetched, or nothing where nobody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched<T>(Option<T>);

impl<T> Default for Fetched<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<T> for Fetched<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Fetched<T> {
    /// What was fetched.
    ///
    /// # Errors
    /// Internal when it was not.
    pub fn get(&self) -> Result<&T, Error> {
        self.0.as_ref().ok_or_else(|| Error::internal("a column that was not fetched"))
    }
}

/// Field that reads every column.
const REPLAY: &str = "replay";

macro_rules! columns {
    ($($column:ident $name:ident: $type:ty, [$($field:literal),*];)+) => {
        /// Row of which the columns asked for were fetched.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Shown {
            $(#[doc = concat!("Column `", stringify!($name), "`.")]
            pub $name: Fetched<$type>,)+
        }

        impl From<Model> for Shown {
            fn from(row: Model) -> Self {
                Self { $($name: row.$name.into(),)+ }
            }
        }

        impl Shown {
            /// Row of a query for these columns, in this order.
            ///
            /// # Errors
            /// The engine's own when one is not what it should be.
            fn read(row: &QueryResult, columns: &[Column]) -> Result<Self, DbErr> {
                let mut shown = Self::default();
                for (place, column) in columns.iter().enumerate() {
                    match column {
                        $(Column::$column => shown.$name = row.try_get_by_index::<$type>(place)?.into(),)+
                    }
                }
                Ok(shown)
            }

            /// The whole row.
            ///
            /// # Errors
            /// Internal when not every column was fetched.
            fn whole(&self) -> Result<Model, Error> {
                Ok(Model { $($name: self.$name.get()?.clone(),)+ })
            }
        }

        /// Fields of a disclosure that read a column.
        fn readers(column: Column) -> &'static [&'static str] {
            match column {
                $(Column::$column => &[$($field),*],)+
            }
        }
    };
}

columns! {
    Id id: DisclosureId, ["id", "withheldUntil"];
    RecordedAt recorded_at: Instant, ["recordedAt"];
    OccurredAt occurred_at: Instant, ["occurredAt"];
    LeafIndex leaf_index: i64, ["leafIndex"];
    DiscloserId discloser_id: OrganisationId, ["discloser", "subjectPseudonym", "withheldUntil"];
    ProcessorId processor_id: Option<OrganisationId>, ["processor"];
    RecipientId recipient_id: Option<OrganisationId>, ["recipient"];
    RegisterId register_id: RegisterId, ["register"];
    AgreementId agreement_id: Option<AgreementId>, ["agreement"];
    ScopeId scope_id: Option<ScopeId>, [];
    BasesId bases_id: InternedId, ["citations"];
    PurposeId purpose_id: PurposeId, ["purpose"];
    Channel channel: Channel, ["channel"];
    Operation operation: Operation, ["operation"];
    ItemsId items_id: InternedId, ["items"];
    SubjectKind subject_kind: SubjectKind, ["subjectKind"];
    SubjectPseudonym subject_pseudonym: Option<Vec<u8>>, ["subjectPseudonym"];
    SubjectKeyVersion subject_key_version: Option<i32>, [];
    SubjectBusinessId subject_business_id: Option<BusinessId>, ["subjectBusinessId"];
    SubjectCount subject_count: i64, ["subjectCount"];
    Ground ground: DisclosureGround, ["ground"];
    ConsentReference consent_reference: Option<String>, ["consentReference"];
    CaseReference case_reference: Option<String>, ["caseReference"];
    UserPseudonym user_pseudonym: Option<Vec<u8>>, ["userPseudonym"];
    UserKeyVersion user_key_version: Option<i32>, [];
    ClientSystem client_system: Option<String>, ["clientSystem"];
    MessageId message_id: String, ["messageId"];
    Part part: i32, ["part"];
    Outcome outcome: DisclosureOutcome, ["outcome"];
    Coverage coverage: Coverage, ["coverage"];
    Reasons reasons: String, ["reasons"];
    DecidedSeq decided_seq: i64, ["decidedSeq"];
    OnwardRecipientKind onward_recipient_kind: Option<OnwardRecipientKind>, ["onwardTo"];
    WithheldUntil withheld_until: Option<Instant>, ["withheldUntil"];
    WithholdingBasisId withholding_basis_id: Option<LegalBasisId>, [];
    CorrectsId corrects_id: Option<DisclosureId>, ["correctsId"];
    Salt salt: Option<Vec<u8>>, [];
    SubjectCommitment subject_commitment: Vec<u8>, [];
    RestrictedCommitment restricted_commitment: Vec<u8>, [];
    ErasedSeq erased_seq: Option<i64>, [];
    Mandates mandates: Option<String>, ["mandates"];
}

/// Columns these fields of a disclosure read, the id first.
pub fn columns_of(fields: &BTreeSet<&str>) -> Vec<Column> {
    let is_read = |column: &Column| readers(*column).iter().any(|field| fields.contains(field));
    let is_whole = fields.contains(REPLAY);
    Column::iter().filter(|column| is_whole || matches!(column, Column::Id) || is_read(column)).collect()
}

/// Disclosure as far as it was fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its row.
    pub row: Shown,
    /// Its items.
    pub items: Fetched<Arc<[ItemCode]>>,
    /// Its provisions.
    pub bases: Fetched<Arc<[LegalBasisId]>>,
}

impl From<Recorded> for Listed {
    fn from(recorded: Recorded) -> Self {
        let Recorded { row, items, bases, .. } = recorded;
        Self { row: row.into(), items: Fetched(Some(items.into())), bases: Fetched(Some(bases.into())) }
    }
}

impl Listed {
    /// The whole disclosure.
    ///
    /// # Errors
    /// Internal when not all of it was fetched.
    pub fn recorded(&self) -> Result<Recorded, Error> {
        let (row, items, bases) = (self.row.whole()?, self.items.get()?.to_vec(), self.bases.get()?.to_vec());
        Ok(Recorded { row, items, bases, repeated: false })
    }
}

/// Rows of a query for these columns, in this order, whose sets are still to come.
///
/// # Errors
/// The engine's own when one is not what it should be.
pub(super) fn read(rows: &[QueryResult], columns: &[Column]) -> Result<Vec<Listed>, DbErr> {
    rows.iter().map(|row| Ok(Listed { row: Shown::read(row, columns)?, ..Listed::default() })).collect()
}

/// Sets the rows share, where they were asked for.
pub(super) fn set_ids(rows: &[Listed]) -> BTreeSet<InternedId> {
    rows.iter().flat_map(|listed| [&listed.row.items_id, &listed.row.bases_id]).filter_map(|id| id.0).collect()
}

/// Gives each row the members of its sets, which are read once for all that share them.
pub(super) fn give_sets(rows: &mut [Listed], members: &HashMap<InternedId, Arc<str>>) {
    let (mut items, mut bases) = (HashMap::<_, Arc<[ItemCode]>>::new(), HashMap::<_, Arc<[LegalBasisId]>>::new());
    let of = |id: InternedId| members.get(&id).map_or("", AsRef::as_ref);
    for Listed { row, items: own_items, bases: own_bases } in rows {
        if let Some(id) = row.items_id.0 {
            *own_items = Arc::clone(items.entry(id).or_insert_with(|| interned::items(of(id)).into())).into();
        }
        if let Some(id) = row.bases_id.0 {
            *own_bases = Arc::clone(bases.entry(id).or_insert_with(|| interned::bases(of(id)).into())).into();
        }
    }
}
