//! Retention from the command line: what would go, and what goes.

use clap::Subcommand;
use entity::vocabulary::instant_text;

use super::{CliError, open_existing, say};
use crate::{
    config::Config,
    retention::{self, Preview, Reviewed, rules},
};

/// What to do about what has passed its time.
#[derive(Subcommand)]
pub(super) enum RetentionCommand {
    /// Print what `run` would drop and what keeps the rest; writes nothing.
    Preview,
    /// Drop every month of the log in which every row has passed its time.
    Run,
}

pub(super) async fn execute(config: Config, command: &RetentionCommand) -> Result<(), CliError> {
    let app = open_existing(config).await?;
    let lines = match command {
        RetentionCommand::Preview => previewed(&retention::preview(&app.gateway).await?),
        RetentionCommand::Run => {
            let dropped = retention::run(&app.gateway).await?;
            let line = |month: &entity::dropped_month::Model| {
                let (first, last) = (month.first_leaf_index, month.last_leaf_index);
                format!(
                    "{}: {} rows dropped, leaves {first} to {last}",
                    month.month_on.format("%Y-%m"),
                    month.disclosures
                )
            };
            let lines: Vec<String> = dropped.iter().map(|month| line(month)).collect();
            if lines.is_empty() { vec!["nothing is due".to_owned()] } else { lines }
        }
    };
    app.close().await;
    lines.iter().try_for_each(say)
}

fn previewed(preview: &Preview) -> Vec<String> {
    let mut lines = vec![format!("as of {}", instant_text(preview.at))];
    let unruled = preview.without_rule.iter();
    lines.extend(unruled.map(|register| format!("{}: no rule, so everything is kept for ever", register.code)));
    for Reviewed { month, parts, is_due } in &preview.months {
        if *is_due {
            lines.push(format!("due {}", rules::account(&preview.facts, month)));
            continue;
        }
        let state = if month.is_closed { "kept" } else { "kept, for it has not ended" };
        lines.push(format!("{state} {}", rules::account(&preview.facts, month)));
        for part in parts.iter().filter(|part| !part.is_past(preview.at)) {
            let until =
                part.kept_until.map_or_else(|| "for ever".to_owned(), |until| format!("until {}", instant_text(until)));
            lines.push(format!("  kept alive {until} by {}", rules::kept(&preview.facts, part)));
        }
    }
    lines
}
