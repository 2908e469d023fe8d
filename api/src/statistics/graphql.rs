//! How statistics are asked and said.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use entity::vocabulary::{Channel, DisclosureOutcome, OrganisationKind};

use super::{Asked, KeyValue, Sight, StatisticsFilter, StatisticsQuestion, StatisticsRow, rules};
use crate::{
    Error, Violations,
    auth::policy,
    checks::Checks,
    context,
    disclosure::Recorder,
    graphql::{
        connections::{Page, PageInfo},
        long::Long,
        request::request,
        said::Said,
        scalars::{BusinessId, Citation, Date, DateTime, ItemCode},
    },
    legal_basis,
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
    rows: Vec<DisclosureStatisticsRow>,
    /// Instant until which everything recorded is counted, UTC.
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
    keys: Vec<DisclosureStatisticsKey>,
    /// Disclosures; null when suppressed because they are few. For statisticians rounded to 5.
    disclosures: Option<Long>,
    /// Sum of their subjects, not distinct persons; null when suppressed. For statisticians rounded to 5.
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
    /// statisticians count everyone's closed days, every number rounded to 5 and numbers under 5 suppressed. Errors:
    /// FORBIDDEN, INVALID_INPUT, LIMIT_EXCEEDED, UNAVAILABLE.
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
        let sets = ctx.data_opt::<Recorder>().ok_or_else(|| Error::internal("no recorder"))?.sets();
        let asked = Asked { facts: &view.facts, question: &question, sight, now: request.now };
        let database = request.gateway.database.read();
        let found = super::statistics(database, sets, asked, page.after.as_deref(), page.count).await?;
        let (first, last) = (found.rows.first(), found.rows.last());
        let (first, last) = (first.map(StatisticsRow::position), last.map(StatisticsRow::position));
        let page_info = page.info(first.as_ref(), last.as_ref(), found.has_next);
        let rows = found.rows.into_iter().map(|row| said(request, row)).collect();
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
        keys: row.keys.into_iter().map(key).collect(),
        disclosures: row.disclosures.map(Long),
        subject_count: row.subject_count.map(Long),
        suppressed: row.suppressed,
    }
}

/// Question of an input, its references found.
fn question(request: &context::Context, input: DisclosureStatisticsInput) -> Result<StatisticsQuestion, Violations> {
    let facts = &request.view.facts;
    let mut checks = Checks::default();
    let (from, until) =
        (checks.day("input.from", input.from.as_str()), checks.day("input.until", input.until.as_str()));
    let group_by: Vec<rules::Dimension> = input.group_by.into_iter().flatten().map(Into::into).collect();
    checks.faults().extend(rules::violations(from, until, &group_by));
    let filter = input.filter.unwrap_or_default();
    let organisation = |checks: &mut Checks, path: &str, id: &BusinessId| {
        checks.organisation(facts, path, id.as_str()).map(|row| row.id)
    };
    let register = |checks: &mut Checks, path: &str, code: &String| {
        checks.found(path, facts.register.by_key(code), "register").map(|row| row.id)
    };
    let agreement = |checks: &mut Checks, path: &str, number: &String| {
        let known = facts.agreement.by_key(number);
        let known = known.filter(|row| policy::sight(facts, &request.view.viewer, row).is_some());
        checks.found(path, known, "agreement").map(|row| row.id)
    };
    let item = |checks: &mut Checks, path: &str, code: &ItemCode| {
        let code: entity::vocabulary::ItemCode = checks.parsed(path, code.as_str())?;
        checks.found(path, rules::is_item(facts, &code).then_some(code), "item in any register")
    };
    let basis = |checks: &mut Checks, path: &str, citation: &Citation| {
        let citation: entity::vocabulary::Citation = checks.parsed(path, citation.as_str())?;
        let wordings: Vec<_> = legal_basis::rules::wordings(facts, &citation).map(|row| row.id).collect();
        checks.found(path, (!wordings.is_empty()).then_some(wordings), "provision")
    };
    let purpose = |checks: &mut Checks, path: &str, code: &String| {
        checks.found(path, facts.purpose.by_key(code), "purpose").map(|row| row.id)
    };
    let filter = StatisticsFilter {
        disclosers: each(&mut checks, "disclosers", filter.disclosers, organisation),
        recipients: each(&mut checks, "recipients", filter.recipients, organisation),
        recipient_kinds: filter.recipient_kinds.into_iter().flatten().map(|kind| kind.0).collect(),
        registers: each(&mut checks, "registers", filter.registers, register),
        agreements: each(&mut checks, "agreements", filter.agreements, agreement),
        items: each(&mut checks, "items", filter.items, item),
        bases: each(&mut checks, "legalBases", filter.legal_bases, basis).concat(),
        purposes: each(&mut checks, "purposes", filter.purposes, purpose),
        channels: filter.channels.into_iter().flatten().map(|channel| channel.0).collect(),
        outcomes: filter.outcomes.into_iter().flatten().map(|outcome| outcome.0).collect(),
    };
    checks.done(|| {
        Some(StatisticsQuestion {
            from: from?,
            until: until?,
            interval: input.interval.map_or(rules::Interval::Month, Into::into),
            group_by,
            filter,
        })
    })
}

/// What the values of one condition name; malformed and unknown ones are faults.
fn each<T, I>(
    checks: &mut Checks,
    condition: &str,
    given: Option<Vec<T>>,
    find: impl Fn(&mut Checks, &str, &T) -> Option<I>,
) -> Vec<I> {
    let given = given.into_iter().flatten().enumerate();
    given.filter_map(|(index, value)| find(checks, &format!("input.filter.{condition}.{index}"), &value)).collect()
}
