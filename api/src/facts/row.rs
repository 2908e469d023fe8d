//! Every registry table named once: the picture of all of them, and one row of any of them.

use std::{
    pin::pin,
    sync::{Arc, LazyLock},
};

use entity::vocabulary::{Instant, RowId};
use futures::TryStreamExt;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, ConnectionTrait, DbErr, EntityTrait, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, QueryResult, QueryTrait, StreamTrait, Value, sea_query::OnConflict,
};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_blocking},
};
use uuid::Uuid;

use super::{Registered, Table};
use crate::Error;

/// Version of the images written today. An older image is read through [`Row::from_image`]'s upcasts.
pub const SHAPE: i32 = 1;

/// Rows that are made together of what was read; in tests few, so that every table is made of several parts.
const ROWS_MADE_AT_ONCE: usize = if cfg!(test) { 3 } else { 1_024 };

/// How many such parts are made at once.
const MADE_BESIDE_MAX: usize = 4;

/// Rows written by one statement; the largest table times this stays under SQLite's 32,766 variables.
const ROWS_PER_STATEMENT: usize = 500;

/// Why a journal image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Table unknown to this version.
    #[error("unknown table `{0}`")]
    UnknownTable(String),
    /// Shape newer than this version reads.
    #[error("shape {shape} of table `{table}` is newer than this version reads")]
    UnknownShape {
        /// Table of the image.
        table: &'static str,
        /// Its shape.
        shape: i32,
    },
    /// Content unreadable.
    #[error("image of table `{table}` cannot be read: {source}")]
    Malformed {
        /// Table of the image.
        table: &'static str,
        /// What was wrong.
        source: serde_json::Error,
    },
}

macro_rules! registry {
    ($($variant:ident $module:ident),+ $(,)?) => {
        /// Every registry table.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Tables {
            $(#[doc = concat!("Rows of `", stringify!($module), "`.")]
            pub $module: Table<entity::$module::Model>,)+
        }

        /// Row of any registry table.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Row {
            $(#[doc = concat!("Row of `", stringify!($module), "`.")]
            $variant(Arc<entity::$module::Model>),)+
        }

        /// What a change does to one row.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Edit {
            /// The row as it stands afterwards.
            Put(Row),
            /// The row is gone: its table and id.
            Remove(&'static str, Uuid),
        }

        /// Names of the registry tables, parents before children.
        pub const TABLES: &[&str] = &[$(stringify!($module)),+];

        $(impl From<entity::$module::Model> for Row {
            fn from(model: entity::$module::Model) -> Self {
                Self::$variant(Arc::new(model))
            }
        }

        impl From<entity::$module::Model> for Edit {
            fn from(model: entity::$module::Model) -> Self {
                Self::Put(model.into())
            }
        })+

        impl Row {
            /// Table of the row.
            pub fn table(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($module),)+
                }
            }

            /// Identifier of the row.
            pub fn id(&self) -> Uuid {
                match self {
                    $(Self::$variant(model) => model.id.into(),)+
                }
            }

            /// Adds the instants that stand in it.
            pub(super) fn instants(&self, found: &mut Vec<Instant>) {
                match self {
                    $(Self::$variant(model) => {
                        static COLUMNS: LazyLock<Vec<entity::$module::Column>> = LazyLock::new(instant_columns);
                        instants(model.as_ref(), &COLUMNS, found);
                    })+
                }
            }

            /// Row as JSON, for the journal.
            ///
            /// # Errors
            /// Never for the types of today; the signature keeps serialisation faults from being swallowed.
            pub fn image(&self) -> Result<String, serde_json::Error> {
                match self {
                    $(Self::$variant(model) => serde_json::to_string(model.as_ref()),)+
                }
            }

            /// Row of a journal image.
            pub fn from_image(table: &str, shape: i32, image: &str) -> Result<Self, ImageError> {
                match table {
                    $(stringify!($module) => {
                        let table = stringify!($module);
                        if shape > SHAPE {
                            return Err(ImageError::UnknownShape { table, shape });
                        }
                        serde_json::from_str::<entity::$module::Model>(image)
                            .map(Into::into)
                            .map_err(|source| ImageError::Malformed { table, source })
                    })+
                    _ => Err(ImageError::UnknownTable(table.to_owned())),
                }
            }
        }

        impl Tables {
            /// Does one edit; the row that stood there before.
            pub(super) fn edit(&mut self, edit: &Edit) -> Option<Row> {
                match edit {
                    $(Edit::Put(Row::$variant(model)) => self.$module.put(Arc::clone(model)).map(Row::$variant),)+
                    Edit::Remove(table, id) => match *table {
                        $(stringify!($module) => self.$module.remove((*id).into()).map(Row::$variant),)+
                        _ => None,
                    },
                }
            }

            /// Row of a table and id.
            pub fn row(&self, table: &str, id: Uuid) -> Option<Row> {
                match table {
                    $(stringify!($module) => self.$module.get(id.into()).cloned().map(Row::$variant),)+
                    _ => None,
                }
            }

            /// Names of the tables in which two pictures differ.
            pub fn differing(&self, other: &Self) -> Vec<&'static str> {
                let mut differing = Vec::new();
                $(if self.$module != other.$module {
                    differing.push(stringify!($module));
                })+
                differing
            }

            /// Every row, parents before children.
            pub fn rows(&self) -> impl Iterator<Item = Row> {
                std::iter::empty()$(.chain(self.$module.all().cloned().map(Row::$variant)))+
            }

            /// Reads every table, the large ones first. What was read is made into rows and put in order beside the reading of more.
            ///
            /// # Errors
            /// The engine's own; a row that cannot be made, told when everything was read.
            pub async fn read(db: &(impl ConnectionTrait + StreamTrait)) -> Result<Self, Error> {
                let turns = Arc::new(Semaphore::new(MADE_BESIDE_MAX));
                $(let mut $module = None;)+
                for are_large in [true, false] {
                    $(if <entity::$module::Model as Registered>::IS_LARGE == are_large {
                        $module = Some(tokio::spawn(table(parts::<entity::$module::Entity>(db, &turns).await?)));
                    })+
                }
                Ok(Self { $($module: $module.ok_or_else(|| unread(()))?.await.map_err(unread)??,)+ })
            }
        }

        /// Writes rows of one table each, in as few statements as the engine allows.
        pub async fn write(db: &impl ConnectionTrait, edits: &[Edit]) -> Result<(), DbErr> {
            for run in edits.chunk_by(|a, b| a.is_put() && b.is_put() && a.table() == b.table()) {
                match &run[0] {
                    $(Edit::Put(Row::$variant(_)) => {
                        let models: Vec<_> = run.iter().filter_map(|edit| match edit {
                            Edit::Put(Row::$variant(model)) => Some(model.as_ref().clone()),
                            _ => None,
                        }).collect();
                        put_all::<entity::$module::Entity>(db, models).await?;
                    })+
                    Edit::Remove(table, id) => match *table {
                        $(stringify!($module) => {
                            entity::$module::Entity::delete_by_id(<entity::$module::Model as Registered>::Id::from(*id)).exec(db).await?;
                        })+
                        _ => {}
                    },
                }
            }
            Ok(())
        }
    };
}

registry! {
    Organisation organisation, OrganisationXroad organisation_xroad, OrganisationKey organisation_key, Purpose purpose,
    LegalBasis legal_basis, Register register, RegisterAlternative register_alternative,
    DataItemQualifier data_item_qualifier, DataItem data_item, Entitlement entitlement, MandateTheme mandate_theme,
    MandatingRight mandating_right, Agreement agreement, AgreementParty agreement_party,
    AgreementNotice agreement_notice, AgreementVersion agreement_version, AgreementBasis agreement_basis, Document document, Contact contact,
    ContactTopic contact_topic, Signature signature, ProtectionStatement protection_statement,
    StatementAnswer statement_answer, Scope scope, ScopePurpose scope_purpose, ScopeItem scope_item,
    ScopeItemBasis scope_item_basis, ScopeItemMandate scope_item_mandate, OnwardRule onward_rule,
    OnwardRuleItem onward_rule_item, OnwardRuleBasis onward_rule_basis, AccessGrant access_grant,
    AdoptionPlan adoption_plan, Inquiry inquiry, Incident incident, UsageReview usage_review,
    RetentionRule retention_rule, StatusEntry status_entry, DisclosureWithholding disclosure_withholding,
    AnomalyDecision anomaly_decision, DroppedMonth dropped_month, Webhook webhook,
}

impl Edit {
    /// Table the edit touches.
    pub fn table(&self) -> &'static str {
        match self {
            Self::Put(row) => row.table(),
            Self::Remove(table, _) => table,
        }
    }

    /// Row the edit touches.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Put(row) => row.id(),
            Self::Remove(_, id) => *id,
        }
    }

    fn is_put(&self) -> bool {
        matches!(self, Self::Put(_))
    }
}

/// Rows made beside the reading.
type Part<M> = JoinHandle<Result<Vec<Arc<M>>, DbErr>>;

/// Every row of a table, in any order, in parts that are still being made. What the driver holds of rows is made into ours
/// beside the reading of more, of this table and the next, for that takes as long as the reading; and is gone soon after, for
/// it takes more room than they do: nothing more is read while as many parts are being made as may be.
async fn parts<E>(
    db: &(impl ConnectionTrait + StreamTrait),
    turns: &Arc<Semaphore>,
) -> Result<Vec<Part<E::Model>>, Error>
where
    E: EntityTrait<Model: Registered>,
{
    let mut parts = Vec::new();
    let read = StreamTrait::stream(db, &E::find().into_query()).await?.try_chunks(ROWS_MADE_AT_ONCE);
    let mut read = pin!(read.map_err(|cut| cut.1));
    while let Some(rows) = read.try_next().await? {
        let turn = Arc::clone(turns).acquire_owned().await.map_err(unread)?;
        parts.push(spawn_blocking(move || {
            let made = made(&rows);
            drop((rows, turn));
            made
        }));
    }
    Ok(parts)
}

/// Table of the rows of all parts.
async fn table<M: Registered>(parts: Vec<Part<M>>) -> Result<Table<M>, Error> {
    let mut rows = Vec::new();
    for part in parts {
        rows.extend(part.await.map_err(unread)??);
    }
    spawn_blocking(move || Table::read(rows)).await.map_err(unread)
}

fn made<M: Registered>(read: &[QueryResult]) -> Result<Vec<Arc<M>>, DbErr> {
    read.iter().map(|row| M::made(row).map(Arc::new)).collect()
}

fn unread<E>(_: E) -> Error {
    Error::internal("a table could not be read")
}

/// Columns that hold an instant.
fn instant_columns<C: ColumnTrait>() -> Vec<C> {
    let is_instant = |column: &C| *column.def().get_column_type() == ColumnType::TimestampWithTimeZone;
    C::iter().filter(is_instant).collect()
}

fn instants<M: ModelTrait>(row: &M, columns: &[<M::Entity as EntityTrait>::Column], found: &mut Vec<Instant>) {
    found.extend(columns.iter().filter_map(|column| match row.get(*column) {
        Value::ChronoDateTimeUtc(instant) => instant,
        _ => None,
    }));
}

async fn put_all<E>(db: &impl ConnectionTrait, models: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait<Column: Iterable>,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut models = models.into_iter();
    loop {
        let rows: Vec<E::ActiveModel> =
            models.by_ref().take(ROWS_PER_STATEMENT).map(|model| model.into_active_model().reset_all()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let others = E::Column::iter()
            .filter(|column| !E::PrimaryKey::iter().any(|key| key.into_column().as_str() == column.as_str()));
        let conflict = OnConflict::columns(E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column))
            .update_columns(others)
            .to_owned();
        E::insert_many(rows).on_conflict(conflict).exec_without_returning(db).await?;
    }
}

/// Global id of a row: its table and its id, as GraphQL and the journal say it.
pub fn global_id(id: impl RowId) -> String {
    let uuid: Uuid = id.into();
    format!("{}:{uuid}", kind_of(id))
}

fn kind_of<I: RowId>(_: I) -> &'static str {
    I::TABLE
}
