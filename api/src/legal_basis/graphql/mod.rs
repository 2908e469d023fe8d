//! How provisions of law are said.

mod mutation;

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use entity::{
    legal_basis,
    vocabulary::{Evidence, Instant, Jurisdiction, Language, LegalBasisId, ProposalStatus, Threshold},
};

pub use mutation::LegalBasisMutation;

use super::rules;
use crate::{
    Error,
    auth::policy,
    checks::Checks,
    context::View,
    decision::{self, Horizon},
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        names::is_named,
        request::{named, one_of, request},
        said::Said,
        scalars::{Citation, Date, DateTime},
    },
};

/// Provision in one wording.
pub struct LegalBasis {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<legal_basis::Model>,
}

impl LegalBasis {
    /// Provision of an id; null when there is none.
    pub fn of(view: &View, id: LegalBasisId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.legal_basis.get(id)?) })
    }
}

/// One provision of law in one wording.
#[Object]
impl LegalBasis {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Canonical Finnish citation.
    async fn citation(&self) -> Citation {
        Citation::stored(&self.row.citation)
    }

    /// Act and provision as a reader would write them, such as `Laki julkisen hallinnon tiedonhallinnasta (906/2019) 22 § 1
    /// mom`.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        rules::name(&self.row, language.map_or(self.view.language, |language| language.0))
    }

    /// European Legislation Identifier; null where none is known.
    async fn eli(&self) -> Option<&str> {
        self.row.eli.as_deref()
    }

    /// Legal order the act belongs to.
    async fn jurisdiction(&self) -> Said<Jurisdiction> {
        self.row.jurisdiction.into()
    }

    /// Number of the act in its collection.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// Year of the act.
    async fn year(&self) -> i32 {
        self.row.year
    }

    /// Chapter; null where sections do not restart in each.
    async fn chapter(&self) -> Option<&str> {
        self.row.chapter.as_deref()
    }

    /// Section, or article of an EU act.
    async fn section(&self) -> &str {
        &self.row.section
    }

    /// Subsection (momentti), or paragraph of an article; null when it is the whole section.
    async fn moment(&self) -> Option<i32> {
        self.row.moment
    }

    /// Item (kohta); null when it is the whole subsection.
    async fn item(&self) -> Option<&str> {
        self.row.item.as_deref()
    }

    /// Sub-item (alakohta), or point of an EU act; null when it is the whole item.
    async fn subitem(&self) -> Option<&str> {
        self.row.subitem.as_deref()
    }

    /// Title of the act.
    async fn title(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.title_fi, self.row.title_sv.as_ref(), self.row.title_en.as_ref())
    }

    /// What it says, in our own words and without legal force; null where no summary has been written.
    async fn summary(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> Option<String> {
        let fi = self.row.summary_fi.as_ref()?;
        Some(named(&self.view, language, fi, self.row.summary_sv.as_ref(), self.row.summary_en.as_ref()))
    }

    /// How strongly data must be needed; null where the wording sets no threshold.
    async fn threshold(&self) -> Option<Said<Threshold>> {
        self.row.threshold.map(Said)
    }

    /// Whether the right covers electronic disclosure.
    async fn allows_electronic(&self) -> bool {
        self.row.allows_electronic
    }

    /// Whether it applies notwithstanding secrecy.
    async fn overrides_secrecy(&self) -> bool {
        self.row.overrides_secrecy
    }

    /// Whether the person must be told beforehand (as 703/2023 64 § 3 mom).
    async fn informs_subject_beforehand(&self) -> bool {
        self.row.informs_subject_beforehand
    }

    /// Instant from which the wording is in force, UTC, inclusive.
    async fn valid_from(&self) -> DateTime {
        self.row.valid_from.into()
    }

    /// Instant at which it ceases, UTC, exclusive; null while no end is known.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }

    /// Wording of the same provision whose place it takes, or took when it was confirmed; null where there is none.
    async fn supersedes(&self) -> Option<LegalBasis> {
        let row = rules::supersedes(&self.view.facts, &self.row)?;
        Some(Self { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Who proposed it; null for all but administrators.
    async fn proposed_by(&self) -> Option<&str> {
        policy::keeps_law(&self.view.viewer).then_some(&self.row.proposed_by)
    }

    /// Who confirmed it; null while nobody has, and for all but administrators.
    async fn confirmed_by(&self) -> Option<&str> {
        self.row.confirmed_by.as_deref().filter(|_| policy::keeps_law(&self.view.viewer))
    }

    /// Provision that took its place; null while in force, and where nothing did.
    async fn superseded_by(&self) -> Option<LegalBasis> {
        Self::of(&self.view, self.row.superseded_by_id?)
    }

    /// Day on which the wording was last checked.
    async fn checked_on(&self) -> Date {
        self.row.checked_on.into()
    }

    /// How the wording was verified.
    async fn evidence(&self) -> Said<Evidence> {
        self.row.evidence.into()
    }

    /// Whether another administrator has confirmed it; it carries nothing before.
    async fn status(&self) -> Said<ProposalStatus> {
        self.row.status.into()
    }
}

/// Conditions a provision must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct LegalBasisFilter {
    /// Part of the canonical citation, without regard to case.
    citation: Option<String>,
    /// Number of the act.
    act_number: Option<i32>,
    /// Year of the act.
    act_year: Option<i32>,
    /// Part of the title of the act in any language, without regard to case.
    title: Option<String>,
    /// Instant at which it is confirmed and in force, UTC.
    in_force_at: Option<DateTime>,
    /// Whether it has ceased by now, or else not.
    is_repealed: Option<bool>,
    /// Whether another administrator has confirmed it.
    status: Option<Said<ProposalStatus>>,
}

impl LegalBasisFilter {
    fn admits(&self, view: &View, in_force_at: Option<Instant>, row: &legal_basis::Model) -> bool {
        let in_force =
            |at| view.facts.law(row.id).is_some_and(|law| decision::law_in_force(law, &mut Horizon::new(at)));
        self.act_number.is_none_or(|number| number == row.number)
            && self.status.is_none_or(|status| status.0 == row.status)
            && self.act_year.is_none_or(|year| year == row.year)
            && in_force_at.is_none_or(in_force)
            && self.is_repealed.is_none_or(|repealed| repealed == rules::is_repealed(row, view.at))
            && self.citation.as_ref().is_none_or(|part| is_named(part, &row.citation, None, None))
            && self
                .title
                .as_ref()
                .is_none_or(|part| is_named(part, &row.title_fi, row.title_sv.as_ref(), row.title_en.as_ref()))
    }
}

/// Queries about provisions of law.
#[derive(Default)]
pub struct LegalBasisQuery;

#[Object]
impl LegalBasisQuery {
    /// Provision of an id or a citation; give exactly one. By citation it is the wording in force at `at`; without `at` the
    /// one in force now, or else the newest. Null, with NOT_FOUND, when there is none. Errors: NOT_FOUND, INVALID_INPUT.
    async fn legal_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier.")] id: Option<ID>,
        #[graphql(desc = "Citation, such as `906/2019 22 § 1 mom`.")] citation: Option<Citation>,
        #[graphql(desc = "Instant at which the wording of the citation was in force, UTC.")] at: Option<DateTime>,
    ) -> Option<Result<LegalBasis, Error>> {
        let found = request(ctx, "legalBasis")
            .and_then(|request| find(&request.view, id.as_ref(), citation.as_ref(), at.as_ref()));
        Some(found)
    }

    /// Provisions the gateway knows, by year and number of the act, then citation, oldest wording first. Errors:
    /// INVALID_INPUT, LIMIT_EXCEEDED.
    async fn legal_bases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; every provision when absent.")] filter: Option<LegalBasisFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<LegalBasis>, Error> {
        let request = request(ctx, "legalBases")?;
        let page = Page::of("legalBases", first, after.as_deref(), request.page_size_max())?;
        let view = &request.view;
        let filter = filter.unwrap_or_default();
        let mut checks = Checks::default();
        let in_force_at = filter.in_force_at.as_ref().and_then(|at| checks.instant("filter.inForceAt", at.as_str()));
        checks.done(|| Some(())).map_err(Error::Invalid)?;
        let mut rows: Vec<_> =
            view.facts.legal_basis.all().filter(|row| filter.admits(view, in_force_at, row)).collect();
        rows.sort_by_key(|row| order(row));
        let total = rows.len();
        let node = |row: &Arc<legal_basis::Model>| LegalBasis { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.into_iter().map(|row| (order(row), row)), node).of_total(total))
    }
}

type Order = (i32, i32, String, i64, LegalBasisId);

fn order(row: &legal_basis::Model) -> Order {
    (row.year, row.number, row.citation.clone(), row.valid_from.timestamp_micros(), row.id)
}

fn find(view: &View, id: Option<&ID>, citation: Option<&Citation>, at: Option<&DateTime>) -> Result<LegalBasis, Error> {
    one_of(&[("id", id.is_some()), ("citation", citation.is_some())])?;
    let mut checks = Checks::default();
    let by_id: Option<LegalBasisId> = id.and_then(|id| checks.parsed("id", id));
    let place = citation.and_then(|citation| checks.parsed("citation", citation.as_str()));
    let instant = at.and_then(|at| checks.instant("at", at.as_str()));
    checks.done(|| Some(())).map_err(Error::Invalid)?;
    let by_citation = |place: entity::vocabulary::Citation| match instant {
        Some(at) => rules::wording_at(&view.facts, &place, at),
        None => rules::wording(&view.facts, &place, view.at),
    };
    let row = by_id.and_then(|id| view.facts.legal_basis.get(id)).or_else(|| place.and_then(by_citation));
    row.map(|row| LegalBasis { view: view.clone(), row: Arc::clone(row) }).ok_or(Error::NotFound("legal basis"))
}
