//! Taking in what stands in files: first a look at all of it, then all of it or nothing.

use std::{io::IsTerminal, path::PathBuf, time::Duration};

use clap::Args;
use entity::vocabulary::ClosedEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, say};
use crate::{
    app::{self, App, ImportError, Imported},
    clock::Clock,
    config::Config,
    world::{Admission, Survey, WorldFile},
};

/// Endings of files that are read from a directory.
const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "csv"];

/// Form of what is shown on a terminal while a step takes its time.
const STEP: &str = "{spinner} {msg} {elapsed}";

/// Time between two movements of it.
const TICK: Duration = Duration::from_millis(120);

#[derive(Args)]
pub(super) struct ImportArguments {
    /// Files, or directories of `*.yaml`, `*.json` and `*.csv`.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Check only and write nothing: every fault and gap with its place, and how whole each agreement is.
    #[arg(long)]
    dry_run: bool,
    /// Admit agreements that lack something: they come in as REGISTERED_INCOMPLETE and permit nothing.
    #[arg(long)]
    incomplete: bool,
}

/// Imports files, or says what an import would come to.
pub(super) async fn import(config: Config, arguments: &ImportArguments) -> Result<(), CliError> {
    let files = world_files(&arguments.paths)?;
    let admission = if arguments.incomplete { Admission::Incomplete } else { Admission::Whole };
    let step = Step::of("opening the registry");
    let app = App::errand(super::unseeded(config), Clock::default()).await?;
    let done = if arguments.dry_run {
        step.next("reading");
        dry_run(&app, &files, admission, &step).await
    } else {
        step.next("reading and writing");
        app::import_admitting(&app.gateway, &app.recorder, &files, "import", admission).await.map_err(CliError::from)
    };
    step.end();
    app.close().await;
    let imported = done?;
    if arguments.dry_run {
        let Imported { rows, disclosures } = imported;
        return say(format!(
            "no faults; {rows} registry rows would be written, {disclosures} disclosures would stand in the log"
        ));
    }
    say(written(&imported))
}

/// What an import came to. A disclosure that stands in the log is not recorded again.
pub(super) fn written(imported: &Imported) -> String {
    format!("{} registry rows written, {} disclosures stand in the log", imported.rows, imported.disclosures)
}

async fn dry_run(app: &App, files: &[WorldFile], admission: Admission, step: &Step) -> Result<Imported, CliError> {
    let survey = app::survey(&app.gateway, files, admission)?;
    step.next("trying");
    let tried = if survey.faults.is_empty() {
        app::rehearse(&app.gateway, &app.recorder, files, admission).await
    } else {
        Err(ImportError::Faults(survey.faults.clone()))
    };
    step.end();
    tell(&survey, tried.as_ref().err())?;
    match tried {
        Err(ImportError::Faults(faults)) => {
            Err(CliError::Said(format!("{} faults; nothing would be written", faults.len())))
        }
        other => Ok(other?),
    }
}

/// Every fault and gap, a line each, and how whole the agreements are.
fn tell(survey: &Survey, stopped_by: Option<&ImportError>) -> Result<(), CliError> {
    if let Some(ImportError::Faults(faults)) = stopped_by {
        faults.iter().try_for_each(|fault| say(format!("ERROR {fault}")))?;
    }
    survey.gaps.iter().try_for_each(|gap| say(format!("GAP {} ({})", gap.place, gap.code)))?;
    for score in &survey.scores {
        let missing: Vec<&str> = score.completeness.missing.iter().map(|code| code.code()).collect();
        let missing = if missing.is_empty() { String::new() } else { format!(": {}", missing.join(", ")) };
        say(format!("{} {} %{missing}", score.number, score.completeness.score))?;
    }
    let (agreements, gaps) = (survey.scores.len(), survey.gaps.len());
    if agreements == 0 {
        return Ok(());
    }
    let sum: i32 = survey.scores.iter().map(|score| score.completeness.score).sum();
    let mean = sum / i32::try_from(agreements).unwrap_or(i32::MAX);
    say(format!("{agreements} agreements, {mean} % of them on record, {gaps} gaps"))
}

/// What is being done: on a terminal a line that moves, elsewhere a line for each step.
struct Step {
    line: Option<ProgressBar>,
}

impl Step {
    fn of(what: &'static str) -> Self {
        let style = ProgressStyle::with_template(STEP).ok().filter(|_| std::io::stderr().is_terminal());
        let line = style.map(|style| ProgressBar::new_spinner().with_style(style));
        if let Some(line) = &line {
            line.enable_steady_tick(TICK);
        }
        let step = Self { line };
        step.next(what);
        step
    }

    fn next(&self, what: &'static str) {
        match &self.line {
            Some(line) => line.set_message(what),
            None => eprintln!("{what} …"),
        }
    }

    fn end(&self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

/// Files of paths, in the order of their names within a directory.
fn world_files(paths: &[PathBuf]) -> Result<Vec<WorldFile>, CliError> {
    let failed = |path: &PathBuf, source| CliError::File { path: path.display().to_string(), source };
    let mut files = Vec::new();
    for path in paths {
        let mut found = vec![path.clone()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|source| failed(path, source))?;
            found = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
            found.retain(|path| ENDINGS.iter().any(|ending| path.extension().is_some_and(|other| other == *ending)));
            found.sort();
        }
        if found.is_empty() {
            let said = format!("`{}` holds no world files (*.yaml, *.json, *.csv)", path.display());
            return Err(CliError::Said(said));
        }
        for path in found {
            let text = std::fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
            files.push(WorldFile { name: path.display().to_string(), text });
        }
    }
    Ok(files)
}
