//! Pages of the log, by id: newest or oldest first, each row with its items and provisions.

use std::collections::BTreeSet;

use entity::{
    disclosure, key_fingerprint,
    vocabulary::{
        AgreementId, BusinessId, Coverage, DisclosureId, DisclosureOutcome, Instant, OrganisationId, RegisterId,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait, FromQueryResult,
    Iterable, Order as SqlOrder, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, Statement,
    sea_query::Expr,
};

use super::{
    Recorded,
    interned::{self, InternedSets},
    row::recorded_at,
    shown::{self, Listed},
    stretches::{Stretch, Stretches},
};
use crate::{
    Error,
    auth::policy::Rows,
    database::{Reader, asked_for, asked_place, read_for},
    facts::Facts,
    keys::{self, KEY_ADDED, Keys},
};

/// Which rows; what is null or empty does not restrict.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what a viewer sees.
    pub rows: Rows,
    /// Discloser.
    pub discloser: Option<OrganisationId>,
    /// Recipient.
    pub recipient: Option<OrganisationId>,
    /// Agreement.
    pub agreement: Option<AgreementId>,
    /// Whether a party of it is one of those whose rows are meant.
    pub is_partys: bool,
    /// Register.
    pub register: Option<RegisterId>,
    /// Outcome.
    pub outcome: Option<DisclosureOutcome>,
    /// Coverage.
    pub coverage: Option<Coverage>,
    /// Given at or after.
    pub occurred_from: Option<Instant>,
    /// Given before.
    pub occurred_until: Option<Instant>,
    /// Any of these end users, as pseudonyms.
    pub users: Option<Vec<[u8; 32]>>,
    /// Any of these subjects, as pseudonyms.
    pub subjects: Option<Vec<[u8; 32]>>,
}

impl Filter {
    /// Whether each stretch of the log is looked through in one look, so that no two looks need see the same state.
    pub fn is_of_one_look(&self) -> bool {
        self.is_partys || self.rows.parties().is_none()
    }

    /// Whether few rows are meant, wherever they stand.
    fn is_sparse(&self) -> bool {
        self.subjects.is_some() || self.users.is_some()
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Latest recorded first.
    NewestFirst,
    /// Earliest recorded first.
    OldestFirst,
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// Rows.
    pub rows: Vec<R>,
    /// Whether more follow.
    pub has_next: bool,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Excerpt<'a> {
    /// Rows it is of.
    pub filter: &'a Filter,
    /// In which order.
    pub order: Order,
    /// Row after which it begins; null at the beginning.
    pub after: Option<DisclosureId>,
    /// Rows at most.
    pub first: usize,
    /// When it is asked for.
    pub now: Instant,
}

/// Whole rows of a page, as [`found`] finds them.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn page(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    excerpt: Excerpt<'_>,
) -> Result<Page<Recorded>, Error> {
    let columns: Vec<disclosure::Column> = disclosure::Column::iter().collect();
    let Page { rows, has_next } = found(db, excerpt, &columns).await?;
    let rows: Vec<disclosure::Model> =
        rows.iter().map(|row| disclosure::Model::from_query_result(row, "")).collect::<Result<_, _>>()?;
    Ok(Page { rows: with_sets(db, sets, rows).await?, has_next })
}

/// Rows of a page as [`found`] finds them, of each row these columns, the id first.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn shown(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    excerpt: Excerpt<'_>,
    columns: &[disclosure::Column],
) -> Result<Page<Listed>, Error> {
    let Page { rows, has_next } = found(db, excerpt, columns).await?;
    let mut rows = shown::read(&rows, columns)?;
    let members = sets.read(db, shown::set_ids(&rows)).await?;
    shown::give_sets(&mut rows, &members);
    Ok(Page { rows, has_next })
}

/// Rows of a page as the driver holds them, of each row these columns, the id first. Oldest first, `db` must see one state
/// throughout: what is recorded between two looks would be passed over.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn found(
    db: &impl ConnectionTrait,
    excerpt: Excerpt<'_>,
    columns: &[disclosure::Column],
) -> Result<Page<QueryResult>, Error> {
    let Excerpt { filter, order, after, first, now } = excerpt;
    let wanted = first.saturating_add(1);
    let mut rows = Vec::new();
    let begins = after.and_then(recorded_at);
    let mut stretches = Stretches::new(db.get_database_backend(), filter.is_sparse(), (order, wanted), begins, now);
    while rows.len() < wanted
        && let Some(stretch) = stretches.next(rows.len())
    {
        let within = Within { excerpt, columns, stretch, wanted: wanted - rows.len() };
        rows.extend(within.rows(db).await?);
    }
    let has_next = rows.len() > first;
    rows.truncate(first);
    Ok(Page { rows, has_next })
}

/// Row of an id, whosever it is; none when there is none.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn one(db: &DatabaseTransaction, sets: &InternedSets, id: DisclosureId) -> Result<Option<Recorded>, Error> {
    let Some(recorded_at) = recorded_at(id) else { return Ok(None) };
    read_for(db, Reader::Log).await?;
    // The instant names the one partition to look in.
    let asked = disclosure::Column::Id.eq(id).and(disclosure::Column::RecordedAt.eq(recorded_at));
    let row = disclosure::Entity::find().filter(asked).one(db).await?;
    Ok(with_sets(db, sets, row.into_iter().collect()).await?.pop())
}

/// Stretch of the log, and what is looked for in it.
struct Within<'a> {
    excerpt: Excerpt<'a>,
    columns: &'a [disclosure::Column],
    stretch: Stretch,
    wanted: usize,
}

enum Side<'a> {
    Discloser(OrganisationId),
    Recipient(OrganisationId),
    Either(&'a [OrganisationId]),
}

impl Within<'_> {
    /// Its rows, in their order; no fewer than are wanted where there are so many.
    async fn rows(&self, db: &impl ConnectionTrait) -> Result<Vec<QueryResult>, Error> {
        let filter = self.excerpt.filter;
        let mut rows = match filter.rows.parties() {
            None => self.select(db, None).await?,
            // Of one agreement nearly every row is between its parties: by its own index, in one look.
            Some(parties) if filter.is_partys => self.select(db, Some(Side::Either(parties))).await?,
            Some(parties) => {
                let mut rows = Vec::new();
                // Each side of each party by its own index.
                for side in parties.iter().flat_map(|party| [Side::Discloser(*party), Side::Recipient(*party)]) {
                    rows.extend(self.select(db, Some(side)).await?);
                }
                rows
            }
        };
        rows.sort_unstable_by_key(|(id, _)| *id);
        // What one gave another before taking its place is found on both sides.
        rows.dedup_by_key(|(id, _)| *id);
        if self.excerpt.order == Order::NewestFirst {
            rows.reverse();
        }
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Whether PostgreSQL is to walk the primary key from the place the page begins after: where nobody's rows are meant before
    /// others'. Left to itself it goes by what it last counted: of rows recorded since it knows none, so it reads every one
    /// there is and sorts them for each page.
    fn walks_key(&self, db: &impl ConnectionTrait, side: Option<&Side<'_>>) -> bool {
        let Filter { agreement, discloser, recipient, .. } = self.excerpt.filter;
        let is_anybodys = side.is_none() && agreement.is_none() && discloser.is_none() && recipient.is_none();
        is_anybodys && db.get_database_backend() == DbBackend::Postgres && !self.excerpt.filter.is_sparse()
    }

    /// Rows of one side, or of all, with their ids: those that come first, in whatever order. The database is told whose rows
    /// are meant, and shows no others.
    async fn select(
        &self,
        db: &impl ConnectionTrait,
        side: Option<Side<'_>>,
    ) -> Result<Vec<(DisclosureId, QueryResult)>, Error> {
        use disclosure::Column;
        let Excerpt { filter, order, after, .. } = self.excerpt;
        let (from, before) = self.stretch;
        // What the planner does not see it takes for a third of all rows.
        let unseen = after.filter(|_| self.walks_key(db, side.as_ref()));
        let place = unseen.map(|_| asked_place()).or(after.map(Expr::value));
        let (direction, beyond) = match order {
            Order::NewestFirst => (SqlOrder::Desc, place.map(|place| Expr::col(Column::Id).lt(place))),
            Order::OldestFirst => (SqlOrder::Asc, place.map(|place| Expr::col(Column::Id).gt(place))),
        };
        let query = disclosure::Entity::find()
            .select_only()
            .columns(self.columns.iter().copied())
            .filter(condition(filter).add_option(side.map(Side::condition)).add_option(beyond))
            .filter(Condition::all().add_option(from.map(|from| Column::RecordedAt.gte(from))))
            .filter(Condition::all().add_option(before.map(|before| Column::RecordedAt.lt(before))))
            .order_by(Column::Id, direction)
            .limit(u64::try_from(self.wanted).unwrap_or(u64::MAX))
            .into_query();
        let reader = filter.rows.parties().map_or(Reader::Log, Reader::Organisations);
        let statement = asked_for(db.get_database_backend(), reader, unseen.map(|id| id.0), query);
        let rows = db.query_all_raw(statement).await?;
        rows.into_iter().map(|row| Ok((row.try_get("", "id")?, row))).collect()
    }
}

impl Side<'_> {
    fn condition(self) -> Condition {
        use disclosure::Column;
        match self {
            Self::Discloser(id) => Condition::all().add(Column::DiscloserId.eq(id)),
            Self::Recipient(id) => Condition::all().add(Column::RecipientId.eq(id)),
            Self::Either(parties) => {
                let among = |column: Column| column.is_in(parties.iter().copied());
                Condition::any().add(among(Column::DiscloserId)).add(among(Column::RecipientId))
            }
        }
    }
}

fn condition(filter: &Filter) -> Condition {
    use disclosure::Column;
    let bytes = |pseudonyms: &[[u8; 32]]| pseudonyms.iter().map(|bytes| bytes.to_vec()).collect::<Vec<_>>();
    Condition::all()
        .add_option(filter.discloser.map(|id| Column::DiscloserId.eq(id)))
        .add_option(filter.recipient.map(|id| Column::RecipientId.eq(id)))
        .add_option(filter.agreement.map(|id| Column::AgreementId.eq(id)))
        .add_option(filter.register.map(|id| Column::RegisterId.eq(id)))
        .add_option(filter.outcome.map(|outcome| Column::Outcome.eq(outcome)))
        .add_option(filter.coverage.map(|coverage| Column::Coverage.eq(coverage)))
        .add_option(filter.occurred_from.map(|from| Column::OccurredAt.gte(from)))
        .add_option(filter.occurred_until.map(|until| Column::OccurredAt.lt(until)))
        .add_option(filter.users.as_deref().map(|users| Column::UserPseudonym.is_in(bytes(users))))
        .add_option(filter.subjects.as_deref().map(|subjects| Column::SubjectPseudonym.is_in(bytes(subjects))))
        .add_option(served(&filter.rows))
}

/// What a processor sees beyond whose rows they are.
fn served(rows: &Rows) -> Option<Condition> {
    use disclosure::Column;
    let Rows::Served { agreements, processor, .. } = rows else { return None };
    let under = Column::AgreementId.is_in(agreements.iter().copied());
    Some(Condition::any().add(under).add(Column::ProcessorId.eq(*processor)))
}

async fn with_sets(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    rows: Vec<disclosure::Model>,
) -> Result<Vec<Recorded>, Error> {
    let members = sets.read(db, rows.iter().flat_map(|row| [row.items_id, row.bases_id])).await?;
    let set = |id| members.get(&id).map_or("", AsRef::as_ref);
    let recorded = |row: disclosure::Model| Recorded {
        items: interned::items(set(row.items_id)),
        bases: interned::bases(set(row.bases_id)),
        row,
        repeated: false,
    };
    Ok(rows.into_iter().map(recorded).collect())
}

/// Organisations that have disclosed anything, by the index of their rows: one look for each.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn disclosers(db: &DatabaseTransaction) -> Result<Vec<OrganisationId>, Error> {
    read_for(db, Reader::Log).await?;
    let sql = "with recursive found (id) as (\
                 select (select discloser_id from disclosure order by discloser_id limit 1) \
                 union all \
                 select (select discloser_id from disclosure where discloser_id > found.id order by discloser_id limit 1) \
                 from found where found.id is not null\
               ) select id from found where id is not null";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

/// Refuses to look anybody up by pseudonym where the database remembers a key this process has not: what was recorded
/// under it would be missing from the answer.
///
/// # Errors
/// Unavailable until the process is started again.
pub async fn every_key_is_live(db: &impl ConnectionTrait, keys: &Keys) -> Result<(), Error> {
    let newest = key_fingerprint::Entity::find()
        .select_only()
        .column(key_fingerprint::Column::Version)
        .filter(key_fingerprint::Column::Name.eq(keys::PSEUDONYM))
        .order_by_desc(key_fingerprint::Column::Version)
        .limit(1)
        .into_tuple::<i32>()
        .one(db)
        .await?;
    if newest.unwrap_or(0) > keys.pseudonyms().current_version() { Err(KEY_ADDED) } else { Ok(()) }
}

/// Pseudonyms of an end user of a recipient at every discloser, or at one, under each live key.
pub fn user_pseudonyms(
    facts: &Facts,
    keys: &Keys,
    discloser: Option<OrganisationId>,
    recipient: &BusinessId,
    user: &str,
) -> Result<Vec<[u8; 32]>, Error> {
    let disclosers: BTreeSet<BusinessId> = facts
        .organisation
        .all()
        .filter(|row| discloser.is_none_or(|id| id == row.id))
        .filter_map(|row| row.business_id)
        .collect();
    let versions = keys.pseudonyms().live_versions();
    let each = disclosers.iter().flat_map(|id| versions.iter().map(move |version| (*id, *version)));
    each.map(|(discloser, version)| keys.pseudonyms().user(discloser, version, *recipient, user)).collect()
}
