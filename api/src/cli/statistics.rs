//! Statistics of the whole database as CSV, for whoever has the database itself.

use std::io::{ErrorKind, Write};

use entity::vocabulary::Language;

use super::CliError;
use crate::{
    Error, app,
    clock::Clock,
    config::Config,
    journal,
    statistics::{Asked, Sight, Sources, asking, csv::Csv},
};

/// Prints the answer to a question to standard output.
pub(super) async fn print(config: Config, question: &[String]) -> Result<(), CliError> {
    let parameters: Vec<(String, String)> = question.iter().map(|text| parameter(text)).collect::<Result<_, _>>()?;
    let asked_as: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let database = app::connect_to_existing(&config).await?;
    let facts = journal::load(&database).await?;
    let question = asking::of_parameters(&facts, |_| true, parameters).map_err(|found| faults(&found))?;
    let asked = Asked { facts: &facts, question: &question, sight: Sight::Everything, now: Clock::default().now() };
    let (snapshot, sources) = (database.read_snapshot().await.map_err(Error::from)?, Sources::default());
    let mut csv = Csv::start(&snapshot, &sources, asked, Language::Fi, asked_as.join("&")).await?;
    while let Some(piece) = csv.next().await? {
        match std::io::stdout().write_all(piece.as_bytes()) {
            Ok(()) => {}
            // A reader that has gone away wants no more, which is no failure.
            Err(fault) if fault.kind() == ErrorKind::BrokenPipe => break,
            Err(fault) => return Err(CliError::Said(format!("standard output cannot be written to: {fault}"))),
        }
    }
    Ok(())
}

fn parameter(text: &str) -> Result<(String, String), CliError> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| CliError::Said("a part of the question is no NAME=VALUE".to_owned()))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn faults(faults: &crate::Violations) -> CliError {
    CliError::Said(format!("the question has faults:\n{}", super::said(faults)))
}
