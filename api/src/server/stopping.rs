//! The one signal of the end, which everything that waits can hear.

use std::sync::Arc;

use tokio::sync::watch;

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nobody has asked for it.
    Serving,
    /// Told to whoever asks, so that load balancers send their requests elsewhere.
    Announced,
    /// Nothing more is taken; what is under way is finished.
    Begun,
    /// What is still under way is cut.
    Cut,
}

/// Whoever stops the gateway holds this.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<Stage>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Serving)))
    }
}

impl Stop {
    /// Lets it be known, while everything is still answered.
    pub fn announce(&self) {
        advance(&self.0, Stage::Announced);
    }

    /// Begins it.
    pub fn begin(&self) {
        advance(&self.0, Stage::Begun);
    }

    /// What others hear of it.
    pub fn stopping(&self) -> Stopping {
        Stopping { stage: self.0.subscribe(), sender: Arc::clone(&self.0) }
    }
}

/// Hears of the end.
#[derive(Debug, Clone)]
pub struct Stopping {
    stage: watch::Receiver<Stage>,
    sender: Arc<watch::Sender<Stage>>,
}

impl Stopping {
    /// Whether the gateway is about to stop, or stops.
    pub fn is_announced(&self) -> bool {
        *self.stage.borrow() >= Stage::Announced
    }

    /// Whether nothing more is taken.
    pub fn has_begun(&self) -> bool {
        *self.stage.borrow() >= Stage::Begun
    }

    /// Waits until nothing more is taken: who holds a connection open for itself ends it then, and says why.
    pub async fn begun(&mut self) {
        self.reached(Stage::Begun).await;
    }

    /// Waits until what is under way is cut.
    pub(super) async fn is_cut(&mut self) {
        self.reached(Stage::Cut).await;
    }

    /// Cuts what is under way.
    pub(super) fn cut(&self) {
        advance(&self.sender, Stage::Cut);
    }

    async fn reached(&mut self, stage: Stage) {
        // The sender lives as long as this.
        let _ = self.stage.wait_for(|reached| *reached >= stage).await;
    }
}

/// A stop never goes back.
fn advance(sender: &watch::Sender<Stage>, stage: Stage) {
    sender.send_if_modified(|reached| {
        let is_later = stage > *reached;
        if is_later {
            *reached = stage;
        }
        is_later
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_is_announced_then_begun_and_never_taken_back() {
        let stop = Stop::default();
        let mut stopping = stop.stopping();
        assert!(!stopping.is_announced());
        stop.announce();
        assert!(stopping.is_announced() && !stopping.has_begun());
        stop.begin();
        stop.announce();
        stopping.begun().await;
        assert!(stopping.has_begun());
        stopping.cut();
        stopping.is_cut().await;
    }
}
