//! Filling a new database with a generated world, and saying how far it has come.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, say};
use crate::{
    app::{self, App, Scale},
    clock::Clock,
    config::Config,
    scale::Size,
};

/// Form of the bar on a terminal.
const BAR: &str = "{bar:40} {human_pos} of {human_len} disclosures, {per_sec}, {eta} left";

/// Parts of the whole after each of which a line is printed where there is no terminal.
const LINES: u64 = 10;

/// Generates, until it is done or told to stop; what is recorded by then stands.
pub(super) async fn generate(config: Config, disclosures: u64) -> Result<(), CliError> {
    let app = App::errand(app::to_be_filled(config), Clock::default()).await?;
    let scale = Scale { size: Size::fitting(disclosures), disclosures };
    let mut signals = super::serve::Signals::heard().map_err(|source| CliError::Said(source.to_string()))?;
    let mut progress = Progress::new(disclosures);
    let started = app.gateway.clock.now();
    let done = tokio::select! {
        done = app::scale(&app.gateway, &app.recorder, scale, |stand| progress.tell(stand)) => done.map_err(CliError::from),
        () = signals.next() => Err(CliError::Said("stopped before the end".to_owned())),
    };
    let seconds = (app.gateway.clock.now() - started).num_seconds().max(1).unsigned_abs();
    progress.end();
    app.close().await;
    let stand = progress.stand;
    let agreements = scale.size.agreements;
    match done {
        Ok(()) => say(format!(
            "{agreements} agreements and {stand} disclosures stand, {} a second with the registry's rows",
            stand / seconds
        )),
        Err(error) if stand > 0 => Err(CliError::Said(format!(
            "{error}; at least {stand} of {disclosures} disclosures stand, and are not added to: begin again with a new \
             database"
        ))),
        Err(error) => Err(error),
    }
}

/// How far it has come: a bar on a terminal, a line at every tenth elsewhere.
struct Progress {
    whole: u64,
    stand: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn new(whole: u64) -> Self {
        let style = ProgressStyle::with_template(BAR).ok().filter(|_| std::io::stderr().is_terminal());
        Self { whole, stand: 0, bar: style.map(|style| ProgressBar::new(whole).with_style(style)) }
    }

    fn tell(&mut self, stand: u64) {
        let tenth = |count: u64| count * LINES / self.whole;
        match &self.bar {
            Some(bar) => bar.set_position(stand),
            None if tenth(stand) > tenth(self.stand) => eprintln!("{stand} of {} disclosures", self.whole),
            None => {}
        }
        self.stand = stand;
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
