//! What one request leaves for whoever audits: who was refused what, told in one line when it is answered.
//!
//! The trail goes along with the request's task. Whatever refuses notes it, whoever believes a token notes the caller, and
//! nobody hands it on. A line holds codes and fixed sentences, the subject and organisation of a verified caller, and the
//! address of its connection; never a token, never what was asked.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task_local;
use uuid::Uuid;

use crate::auth::Viewer;

/// Target of the lines, by which a collector of log lines picks them out.
pub const TARGET: &str = "audit";

/// Different refusals of one request that are told; a document may meet each at every field.
const REFUSALS_MAX: usize = 16;

task_local! {
    static TRAIL: Arc<Trail>;
}

/// What was noted of one request.
#[derive(Debug)]
pub struct Trail {
    request_id: Uuid,
    noted: Mutex<Noted>,
    ending: Option<Told<'static>>,
}

#[derive(Debug, Default)]
struct Noted {
    caller: Option<Arc<Viewer>>,
    refusals: Vec<Refused>,
}

/// Refusals of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refused {
    code: &'static str,
    fault: &'static str,
    times: u32,
}

/// Request a trail belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Its method, among the known.
    pub method: &'static str,
    /// Its route as matched.
    pub route: &'a str,
    /// Status of its answer; null for an operation of a socket, which has none.
    pub status: Option<u16>,
    /// Address it came from; null where that is not known.
    pub peer: Option<IpAddr>,
}

impl Trail {
    /// Trail of a request.
    pub fn of(request_id: Uuid) -> Self {
        Self { request_id, noted: Mutex::default(), ending: None }
    }

    /// Trail of work that may be cut: it tells by itself, when the last of that work has ended.
    pub fn ending(request_id: Uuid, of: Told<'static>) -> Self {
        let mut trail = Self::of(request_id);
        trail.ending = Some(of);
        trail
    }

    /// Runs a request's work with the trail along.
    pub async fn along<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        TRAIL.scope(Arc::clone(self), work).await
    }

    /// Tells what was refused; nothing where nothing was.
    pub fn tell(&self, of: Told<'_>) {
        let noted = self.noted();
        let caller = noted.caller.as_deref();
        let id = |id: Option<entity::vocabulary::BusinessId>| id.map(|id| id.to_string());
        for Refused { code, fault, times } in &noted.refusals {
            tracing::warn!(
                target: TARGET,
                request_id = %self.request_id,
                method = of.method,
                path = of.route,
                status = of.status,
                code,
                fault,
                times,
                subject = caller.and_then(|caller| caller.subject.as_deref()),
                organisation = id(caller.and_then(|caller| caller.organisation)),
                processor = id(caller.and_then(|caller| caller.processor)),
                peer = of.peer.map(tracing::field::display),
                "refused"
            );
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if let Some(of) = self.ending {
            self.tell(of);
        }
    }
}

/// The same work with the trail of the present request along, for a task of its own.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let trail = TRAIL.try_with(Arc::clone).ok();
    async move {
        match trail {
            Some(trail) => trail.along(work).await,
            None => work.await,
        }
    }
}

/// Identifier of the present request; null outside of one.
pub fn request_id() -> Option<Uuid> {
    TRAIL.try_with(|trail| trail.request_id).ok()
}

/// Notes who asks, once its token was believed.
pub fn caller(viewer: &Arc<Viewer>) {
    note(|noted| noted.caller = Some(Arc::clone(viewer)));
}

/// Notes a refusal: its code, and the fault in a fixed sentence or name.
pub fn refused(code: &'static str, fault: &'static str) {
    note(|noted| {
        let refusals = &mut noted.refusals;
        if let Some(known) = refusals.iter_mut().find(|known| (known.code, known.fault) == (code, fault)) {
            known.times = known.times.saturating_add(1);
        } else if refusals.len() < REFUSALS_MAX {
            refusals.push(Refused { code, fault, times: 1 });
        }
    });
}

/// Outside of a request there is nobody to tell of.
fn note(how: impl FnOnce(&mut Noted)) {
    let _ = TRAIL.try_with(|trail| how(&mut trail.noted()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refusals_are_noted_once_with_how_often_also_from_a_task_of_its_own() {
        let trail = Arc::new(Trail::of(Uuid::nil()));
        let caller_of = Arc::new(Viewer { subject: Some("s".to_owned()), ..Viewer::default() });
        trail
            .along(async {
                caller(&caller_of);
                refused("FORBIDDEN", "role");
                let task = tokio::spawn(carried(async { refused("FORBIDDEN", "role") }));
                task.await.expect("task");
                (0..2 * REFUSALS_MAX).for_each(|_| refused("NOT_FOUND", "agreement"));
            })
            .await;
        let noted = trail.noted();
        let of = |code, fault, times| Refused { code, fault, times };
        assert_eq!(noted.refusals, [of("FORBIDDEN", "role", 2), of("NOT_FOUND", "agreement", 32)]);
        assert_eq!(noted.caller.as_ref().and_then(|caller| caller.subject.as_deref()), Some("s"));
    }

    #[tokio::test]
    async fn nothing_is_noted_where_there_is_no_request() {
        refused("FORBIDDEN", "role");
        let trail = Arc::new(Trail::of(Uuid::nil()));
        trail.along(async {}).await;
        assert!(trail.noted().refusals.is_empty());
    }
}
