//! How statistics are asked and said.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use entity::vocabulary::{Channel, DisclosureOutcome, OrganisationKind};

use super::{
    Asked, KeyValue, Sight, Sources, StatisticsQuestion, StatisticsRow,
    asking::{Asking, Paths},
    rules,
};
use crate::{
    Error, Violations,
    auth::policy,
    context,
    graphql::{
        connections::{Page, PageInfo},
        long::Long,
        plain::PlainList,
        request::{beside, request},
        said::Said,
        scalars::{BusinessId, Citation, Date, DateTime, ItemCode},
    },
};

/// Length of a period of statistics. Closed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rules::Interval")]
pub enum StatisticsInterval {
    /// Civil day in Helsinki.
    Day,
    /// Calendar month.
    Month,
    /// Calendar year.
    Year,
    /// The whole time asked about.
    Total,
}

/// What disclosures are grouped by. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rules::Dimension")]
pub enum StatisticsDimension {
    /// Discloser, by business ID.
    Discloser,
    /// Recipient, by business ID.
    Recipient,
    /// Kind of recipient, or to whom data travelled on.
    RecipientKind,
    /// Register, by code.
    Register,
    /// Agreement, by number.
    Agreement,
    /// Item, by code; a disclosure counts under each of its items, so groups overlap.
    Item,
    /// Provision, by citation; a disclosure counts under each of its provisions, so groups overlap.
    LegalBasis,
    /// Purpose, by code.
    Purpose,
    /// Channel.
    Channel,
    /// Outcome.
    Outcome,
}

/// Which disclosures are counted; a condition that is absent or empty does not restrict. For a statistician a condition on
/// anything but channels and outcomes leaves out the disclosures of agreements that are not public.
#[derive(InputObject, Default)]
pub struct DisclosureStatisticsFilter {
    /// Business IDs of disclosers.
    disclosers: Option<Vec<BusinessId>>,
    /// Business IDs of recipients.
    recipients: Option<Vec<BusinessId>>,
    /// Kinds of recipient.
    recipient_kinds: Option<Vec<Said<OrganisationKind>>>,
    /// Codes of registers.
    registers: Option<Vec<String>>,
    /// Numbers of agreements.
    agreements: Option<Vec<String>>,
    /// Items; each means what is below it too.
    items: Option<Vec<ItemCode>>,
    /// Citations of provisions; each means every wording it has had.
    legal_bases: Option<Vec<Citation>>,
    /// Codes of purposes.
    purposes: Option<Vec<String>>,
    /// Channels.
    channels: Option<Vec<Said<Channel>>>,
    /// Outcomes; DELIVERED and EMPTY when neither filtered nor grouped by.
    outcomes: Option<Vec<Said<DisclosureOutcome>>>,
}

/// Question about how much was disclosed.
#[derive(InputObject)]
pub struct DisclosureStatisticsInput {
    /// First day counted, in Helsinki.
    from: Date,
    /// First day no longer counted, in Helsinki.
    until: Date,
    /// Length of the periods; MONTH when absent.
    interval: Option<StatisticsInterval>,
    /// Dimensions to group by, at most 3, each once; none when absent.
    group_by: Option<Vec<StatisticsDimension>>,
    /// Which disclosures; all the viewer may count when absent.
    filter: Option<DisclosureStatisticsFilter>,
}

/// Counts of disclosures per period and group. A disclosure counts on the Helsinki day the data was given; late rows change
/// past days, corrections are deducted.
#[derive(SimpleObject)]
pub struct DisclosureStatistics {
    /// Rows by period and values of the dimensions.
    rows: PlainList<DisclosureStatisticsRow>,
    /// Instant until which everything recorded is counted, UTC: that of the newest entry of the log that was counted, or
    /// the end of the days answered for, whichever is earlier.
    covered_until: DateTime,
    /// Where the page stands.
    page_info: PageInfo,
}

/// Counts of one period and group.
#[derive(SimpleObject)]
pub struct DisclosureStatisticsRow {
    /// Period: `2026-03-01`, `2026-03`, `2026`, or both ends of the whole time.
    period: String,
    /// Values of the dimensions, in the order asked.
    keys: PlainList<DisclosureStatisticsKey>,
    /// Disclosures; null when suppressed because they are few. For statisticians a multiple of 5: the disclosures alike in
    /// everything of one day are rounded up or down by chance, once and for all, and then summed.
    disclosures: Option<Long>,
    /// Sum of their subjects, not distinct persons; null when suppressed. For statisticians a multiple of 5, likewise.
    subject_count: Option<Long>,
    /// Whether the counts are too small to be shown.
    suppressed: bool,
}

/// Value of a dimension.
#[derive(SimpleObject)]
pub struct DisclosureStatisticsKey {
    /// Dimension.
    dimension: StatisticsDimension,
    /// Value: a business ID, code, number or citation; null for disclosures without one, and for a statistician those of
    /// agreements that are not public, which are counted together in every dimension but CHANNEL and OUTCOME.
    value: Option<String>,
    /// Value in words, in the language of the request.
    label: String,
}

/// Queries about statistics.
#[derive(Default)]
pub struct StatisticsQuery;

#[Object]
impl StatisticsQuery {
    /// How much was disclosed, to whom and on which law. Officers, systems and auditors count their own organisation's;
    /// statisticians count everyone's closed days, every number a sum of cells each rounded up or down to fives and numbers
    /// under 5 suppressed. Errors: FORBIDDEN, INVALID_INPUT, LIMIT_EXCEEDED, UNAVAILABLE.
    async fn disclosure_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Question.")] input: DisclosureStatisticsInput,
        #[graphql(desc = "How many rows, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<DisclosureStatistics, Error> {
        let request = request(ctx, "disclosureStatistics")?;
        let question = question(request, input).map_err(Error::Invalid)?;
        let name = rules::list(&question);
        let page: Page<Vec<String>> = Page::of(name, first, after.as_deref(), request.page_size_max())?;
        let view = &request.view;
        let sight = Sight::of(&view.facts, &view.viewer).ok_or(Error::Forbidden)?;
        let sources = beside::<Sources>(ctx)?;
        let asked = Asked { facts: &view.facts, question: &question, sight, now: request.now };
        let database = &request.gateway().database;
        let found = Box::pin(super::statistics(database, sources, asked, page.after.as_deref(), page.count)).await?;
        let (first, last) = (found.rows.first(), found.rows.last());
        let (first, last) = (first.map(StatisticsRow::position), last.map(StatisticsRow::position));
        let page_info = page.info(first.as_ref(), last.as_ref(), found.has_next);
        let rows = PlainList(found.rows.into_iter().map(|row| said(request, row)).collect());
        Ok(DisclosureStatistics { rows, covered_until: found.covered_until.into(), page_info })
    }
}

fn said(request: &context::Context, row: StatisticsRow) -> DisclosureStatisticsRow {
    let key = |(dimension, value): (rules::Dimension, KeyValue)| DisclosureStatisticsKey {
        label: rules::label(&request.view.facts, dimension, &value, request.view.language),
        value: match value {
            KeyValue::Nothing | KeyValue::Restricted => None,
            KeyValue::Value(value) => Some(value),
        },
        dimension: dimension.into(),
    };
    DisclosureStatisticsRow {
        period: row.period,
        keys: PlainList(row.keys.into_iter().map(key).collect()),
        disclosures: row.disclosures.map(Long),
        subject_count: row.subject_count.map(Long),
        suppressed: row.suppressed,
    }
}

/// Where the input has the parts of a question.
const PATHS: Paths = Paths { question: "input.", filter: "input.filter." };

/// Question of an input, its references found.
fn question(request: &context::Context, input: DisclosureStatisticsInput) -> Result<StatisticsQuestion, Violations> {
    let (facts, viewer) = (&request.view.facts, &request.view.viewer);
    asking(input).question(facts, |row| policy::sight(facts, viewer, row).is_some(), PATHS)
}

fn asking(input: DisclosureStatisticsInput) -> Asking {
    fn texts<T>(given: Option<Vec<T>>, text: impl Fn(&T) -> &str) -> Vec<String> {
        given.into_iter().flatten().map(|value| text(&value).to_owned()).collect()
    }
    fn codes<T>(given: Option<Vec<Said<T>>>) -> Vec<T> {
        given.into_iter().flatten().map(|code| code.0).collect()
    }
    let filter = input.filter.unwrap_or_default();
    Asking {
        from: input.from.as_str().to_owned(),
        until: input.until.as_str().to_owned(),
        interval: input.interval.map(Into::into),
        group_by: input.group_by.into_iter().flatten().map(Into::into).collect(),
        disclosers: texts(filter.disclosers, BusinessId::as_str),
        recipients: texts(filter.recipients, BusinessId::as_str),
        recipient_kinds: codes(filter.recipient_kinds),
        registers: texts(filter.registers, String::as_str),
        agreements: texts(filter.agreements, String::as_str),
        items: texts(filter.items, ItemCode::as_str),
        legal_bases: texts(filter.legal_bases, Citation::as_str),
        purposes: texts(filter.purposes, String::as_str),
        channels: codes(filter.channels),
        outcomes: codes(filter.outcomes),
    }
}
