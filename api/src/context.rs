//! One request: one instant, one picture of the facts, one viewer, one language; fixed when it starts.

use std::sync::Arc;

use entity::{
    agreement, organisation,
    vocabulary::{AgreementSide, Instant, Language, OrganisationId},
};
use futures::future::BoxFuture;
use sea_orm::DatabaseTransaction;
use tokio::sync::watch;

use crate::{
    Error, Fault, FaultCode, Violations,
    answers::Footing,
    auth::{Act, Permit, Viewer, policy},
    clock::Clock,
    config::Config,
    database::Database,
    facts::{Edit, Facts},
    journal::{Author, CHANGE_ROWS_MAX, Changes, Ending, Journal},
    keys::Keys,
};

/// What a viewer sees at one instant of one picture. Every object of an answer holds the same one.
#[derive(Debug, Clone)]
pub struct View {
    /// Picture of the registry.
    pub facts: Arc<Facts>,
    /// Picture of today, where `facts` is an earlier or a supposed one; null where they are the same.
    pub today: Option<Arc<Facts>>,
    /// Instant it is read at.
    pub at: Instant,
    /// Who reads.
    pub viewer: Arc<Viewer>,
    /// Language of names, unless a field asks for another.
    pub language: Language,
}

impl View {
    /// Picture that says who may see what: today's, whichever is read.
    pub fn present(&self) -> &Facts {
        self.today.as_deref().unwrap_or(&self.facts)
    }

    /// The same viewer before another picture, at another instant; what may be seen stays what may be seen today. A request goes
    /// there by [`Context::before`], which notes that its answer rests on that picture.
    #[must_use]
    pub fn before(&self, facts: Arc<Facts>, at: Instant) -> Self {
        let today = self.today.clone().unwrap_or_else(|| Arc::clone(&self.facts));
        Self { facts, today: Some(today), at, ..self.clone() }
    }

    /// Side whose acts the viewer is offered in an agreement; none before another picture than today's, where nothing is done.
    pub fn offered_side(&self, agreement: &agreement::Model) -> Option<AgreementSide> {
        let is_today = self.today.is_none();
        policy::offered_side(&self.facts, &self.viewer, agreement, self.at).filter(|_| is_today)
    }

    /// Organisation the viewer acts for; null for nobody, or when the registry does not know it.
    pub fn own_organisation(&self) -> Option<&Arc<organisation::Model>> {
        let business_id = self.viewer.organisation?;
        self.facts.organisation_of(&business_id.to_string())
    }

    /// Id of the organisation the viewer acts for.
    pub fn own_id(&self) -> Option<OrganisationId> {
        self.own_organisation().map(|row| row.id)
    }
}

/// One request: its view, and the gateway it may act on.
#[derive(Debug, Clone)]
pub struct Context {
    /// What is seen.
    pub view: View,
    /// Instant of the request.
    pub now: Instant,
    /// Identifier of the request, for the log line and the answer.
    pub request_id: uuid::Uuid,
    /// Whether the facts were older than allowed when the request started; then nothing is decided.
    pub stale: bool,
    /// What the answer rests on.
    pub footing: Arc<Footing>,
    gateway: Gateway,
}

impl Context {
    /// Request that sees `view` at its start.
    pub fn new(view: View, request_id: uuid::Uuid, gateway: Gateway, stale: bool) -> Self {
        let footing = Footing::new(Arc::clone(&view.facts), view.at, !stale).into();
        Self { now: view.at, view, request_id, stale, footing, gateway }
    }

    /// The gateway: its database, its journal, its other pictures. What is read of it is no matter of the facts, so that the
    /// answer is made anew each time.
    pub fn gateway(&self) -> &Gateway {
        self.footing.note_elsewhere();
        &self.gateway
    }

    /// Keys, which stay the same for as long as the process lives.
    pub fn keys(&self) -> &Keys {
        &self.gateway.keys
    }

    /// The same request before another picture, at another instant.
    #[must_use]
    pub fn before(&self, facts: Arc<Facts>, at: Instant) -> Self {
        self.footing.note_elsewhere();
        Self { view: self.view.before(facts, at), ..self.clone() }
    }

    /// Refuses to decide on stale facts.
    ///
    /// # Errors
    /// Unavailable when the facts are older than `FACTS_MAX_AGE`, or the database has lost a change of them.
    pub fn fresh(&self) -> Result<(), Error> {
        if let Some(why) = self.gateway.journal.fault() {
            return Err(Error::Unavailable(why));
        }
        if self.stale { Err(Error::Unavailable("the facts are older than FACTS_MAX_AGE")) } else { Ok(()) }
    }

    /// Does an act: judges policy and rule on the fresh facts, inside the write. The view after it.
    ///
    /// With [`Intent::Validate`] the same judgement is made on the current facts and nothing is written; the view shows
    /// what would have been.
    ///
    /// # Errors
    /// Forbidden or not found by policy; invalid with every fault by the rule.
    pub async fn write<F>(&self, act: Act, intent: Intent, rule: F) -> Result<View, Error>
    where
        F: FnOnce(&Facts, &Permit) -> Result<Changes, Violations> + Send + 'static,
    {
        let (viewer, now) = (Arc::clone(&self.view.viewer), self.now);
        let judge = move |facts: &Facts| {
            let permit = policy::judge(facts, &viewer, act, now)?;
            rule(facts, &permit).map_err(Error::Invalid)
        };
        self.judged(intent, judge).await
    }

    /// Does an act to what an id or a number names; null where that is malformed or nothing. Where it names nothing the
    /// viewer may know of, the rule is asked without it, names that with every other fault, and nothing is written.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_to<T, F>(
        &self,
        target: Option<T>,
        act: impl FnOnce(T) -> Act,
        intent: Intent,
        rule: F,
    ) -> Result<View, Error>
    where
        T: Copy + Send + 'static,
        F: FnOnce(&Facts, Option<T>, &str) -> Result<Changes, Violations> + Send + 'static,
    {
        let Some(target) = target else { return Err(refused(rule(&self.view.facts, None, ""))) };
        let (viewer, act, now) = (Arc::clone(&self.view.viewer), act(target), self.now);
        let judge = move |facts: &Facts| match policy::judge(facts, &viewer, act, now) {
            Ok(permit) => rule(facts, Some(target), permit.actor()).map_err(Error::Invalid),
            Err(Error::NotFound(_)) => Err(refused(rule(facts, None, ""))),
            Err(error) => Err(error),
        };
        self.judged(intent, judge).await
    }

    /// Does an act that changes no row of the registry but must stand in the journal, and writes what is kept beside it in
    /// the same transaction. The facts as they stood then, or newer ones.
    ///
    /// # Errors
    /// Forbidden by policy; unavailable when the database does not answer.
    pub async fn note<B>(&self, act: Act, changes: Changes, beside: B) -> Result<View, Error>
    where
        B: for<'a> FnOnce(&'a DatabaseTransaction, &'a Facts) -> BoxFuture<'a, Result<(), Error>> + Send + 'static,
    {
        let (viewer, now) = (Arc::clone(&self.view.viewer), self.now);
        let judge = move |facts: &Facts| policy::judge(facts, &viewer, act, now).map(|_| vec![changes]);
        let facts = self.gateway().journal.commit_with(self.author(), judge, beside, Ending::Commit).await?;
        Ok(View { facts, at: self.gateway().clock.now(), ..self.view.clone() })
    }

    /// Does an act to a row outside the facts, which `read` finds in the transaction of the act. Where it finds nothing the
    /// viewer may know of, the rule is asked without it, as by [`Self::write_to`].
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_to_row<T, R, F>(
        &self,
        read: R,
        act: impl FnOnce(&T) -> Act + Send + 'static,
        intent: Intent,
        rule: F,
    ) -> Result<View, Error>
    where
        T: Send + 'static,
        R: for<'a> FnOnce(&'a DatabaseTransaction) -> BoxFuture<'a, Result<Option<T>, Error>> + Send + 'static,
        F: FnOnce(&Facts, Option<&T>, &str) -> Result<Changes, Violations> + Send + 'static,
    {
        let (viewer, now) = (Arc::clone(&self.view.viewer), self.now);
        let judge = move |facts: &Facts, row: Option<T>| -> Result<Vec<Changes>, Error> {
            let Some(row) = row else { return Err(refused(rule(facts, None, ""))) };
            match policy::judge(facts, &viewer, act(&row), now) {
                Ok(permit) => Ok(entries(&rule(facts, Some(&row), permit.actor()).map_err(Error::Invalid)?)),
                Err(Error::NotFound(_)) => Err(refused(rule(facts, None, ""))),
                Err(error) => Err(error),
            }
        };
        let journal = &self.gateway().journal;
        let facts = match intent {
            Intent::Validate => {
                let txn = self.gateway().database.snapshot().await?;
                let row = read(&txn).await?;
                txn.rollback().await?;
                supposed(&journal.facts(), |facts| judge(facts, row))?
            }
            Intent::Do => journal.commit_on(self.author(), read, judge).await?,
        };
        Ok(View { facts, at: self.gateway().clock.now(), ..self.view.clone() })
    }

    async fn judged<F>(&self, intent: Intent, judge: F) -> Result<View, Error>
    where
        F: FnOnce(&Facts) -> Result<Changes, Error> + Send + 'static,
    {
        let judge = move |facts: &Facts| -> Result<Vec<Changes>, Error> { Ok(entries(&judge(facts)?)) };
        let facts = match intent {
            Intent::Validate => supposed(&self.gateway().journal.facts(), judge)?,
            Intent::Do => self.gateway().journal.commit(self.author(), judge).await?,
        };
        Ok(View { facts, at: self.gateway().clock.now(), ..self.view.clone() })
    }

    /// Most entries of one page.
    pub fn page_size_max(&self) -> u32 {
        u32::try_from(self.gateway.config.limits.page_size_max).unwrap_or(u32::MAX)
    }

    fn author(&self) -> Author {
        Author {
            actor: policy::actor(&self.view.viewer),
            organisation: self.view.viewer.organisation.map(|id| id.to_string()),
        }
    }
}

/// What a rule says that was asked without the thing: every fault, and at least that there is none.
fn refused(faults: Result<Changes, Violations>) -> Error {
    Error::Invalid(faults.err().unwrap_or_else(|| vec![Fault::new(FaultCode::NotFound, "", "no such thing")]))
}

/// Entries an act leaves: one that finds everything as it wants it leaves none, for a repeat is no second act, and one
/// that touches more rows than an entry holds leaves several.
fn entries(changes: &Changes) -> Vec<Changes> {
    let of_rows = |rows: &[Edit]| Changes { edits: rows.to_vec(), ..changes.clone() };
    changes.edits.chunks(CHANGE_ROWS_MAX).map(of_rows).collect()
}

/// Facts as they would be after an act.
fn supposed(facts: &Facts, judge: impl FnOnce(&Facts) -> Result<Vec<Changes>, Error>) -> Result<Arc<Facts>, Error> {
    let changes = judge(facts)?;
    Ok(Arc::new(facts.after(facts.seq, changes.iter().flat_map(|change| &change.edits))))
}

/// Whether an act is done or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Do it.
    Do,
    /// Judge it and write nothing.
    Validate,
}

impl Intent {
    /// Intent of an input's `validateOnly`.
    pub fn of(validate_only: Option<bool>) -> Self {
        if validate_only == Some(true) { Self::Validate } else { Self::Do }
    }
}

/// The gateway: what lives as long as the process. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<Parts>);

/// Parts of the gateway.
#[derive(Debug)]
pub struct Parts {
    /// Time.
    pub clock: Clock,
    /// Settings.
    pub config: Config,
    /// Connections to the database.
    pub database: Database,
    /// Facts and the journal they follow.
    pub journal: Journal,
    /// Keys of pseudonyms and of the log.
    pub keys: Arc<Keys>,
    /// Number of the last anomaly raised, as this process last looked.
    pub raised: watch::Sender<i64>,
}

impl Gateway {
    /// Assembles the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn act_leaves_as_many_entries_as_its_rows_need_and_none_without_rows() {
        let changes = |rows: usize| Changes {
            action: "defineScope",
            subject: "scope:1".to_owned(),
            reason: None,
            edits: vec![Edit::Remove("purpose", Uuid::nil()); rows],
        };
        let sizes = |rows| entries(&changes(rows)).iter().map(|entry| entry.edits.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), Vec::<usize>::new());
        assert_eq!(sizes(CHANGE_ROWS_MAX), [CHANGE_ROWS_MAX]);
        assert_eq!(sizes(CHANGE_ROWS_MAX + 1), [CHANGE_ROWS_MAX, 1]);
    }
}
