//! Erasure from the command line. The person's identifier comes on standard input, so that no list of processes and no
//! history of a shell holds it.

use std::io::Read;

use entity::vocabulary::PersonalIdentityCode;
use zeroize::Zeroizing;

use super::{CliError, open_existing, say};
use crate::{
    checks::TEXT_CHARACTERS_MAX,
    config::Config,
    disclosure::rules::{OtherPerson, identifier_fault},
    retention::erase::{self, Erased, Erasure},
    subject_access::rules::Person,
};

/// Bytes read of standard input: an identifier of the longest, at four bytes a character, and one too long to pass.
const IDENTIFIER_BYTES_MAX: u64 = 8 * TEXT_CHARACTERS_MAX as u64;

/// What is erased and why.
#[derive(clap::Args)]
pub(super) struct EraseArguments {
    /// Why; stands in the journal, so nothing of the person.
    #[arg(long)]
    reason: String,
    /// Business ID of the body whose log and look-ups are meant, with those of the bodies whose place it took; all when
    /// absent.
    #[arg(long)]
    discloser: Option<String>,
    /// Reference of the decision by which the controller erases what a retention rule still keeps.
    #[arg(long)]
    decision: Option<String>,
    /// System in which the identifier on standard input is another than a personal identity code.
    #[arg(long)]
    system: Option<String>,
}

pub(super) async fn erase(config: Config, arguments: EraseArguments) -> Result<(), CliError> {
    let EraseArguments { reason, discloser, decision, system } = arguments;
    let erasure = Erasure { person: person(system)?, discloser, reason, decision };
    let app = open_existing(config).await?;
    let erased = erase::erase(&app.gateway, &erasure).await;
    let facts = app.gateway.journal.facts();
    app.close().await;
    let erased = erased?;
    if erased.is_empty() {
        return say("nothing of this person stands here");
    }
    erased.iter().try_for_each(|(body, Erased { disclosures, lookups })| {
        let row = facts.organisation.get(*body);
        let name = row.and_then(|row| row.business_id).map_or_else(|| "?".to_owned(), |id| id.to_string());
        say(format!("{name}: {disclosures} disclosures and {lookups} look-ups erased"))
    })
}

/// Person whose identifier stands on standard input. What is wrong with it is said without it.
fn person(system: Option<String>) -> Result<Person, CliError> {
    let mut read = Zeroizing::new(String::with_capacity(usize::try_from(IDENTIFIER_BYTES_MAX).unwrap_or(0)));
    let unread = |_| CliError::Said("standard input holds no identifier".to_owned());
    std::io::stdin().lock().take(IDENTIFIER_BYTES_MAX).read_to_string(&mut read).map_err(unread)?;
    let identifier = read.trim();
    let Some(system) = system else {
        let code = PersonalIdentityCode::parse(identifier);
        let wrong = |_| CliError::Said("standard input holds no personal identity code".to_owned());
        return code.map(Person::Code).map_err(wrong);
    };
    if let Some((_, fault)) = identifier_fault(identifier) {
        return Err(CliError::Said(format!("the identifier on standard input: {fault}")));
    }
    Ok(Person::Other(OtherPerson { system, value: Zeroizing::new(identifier.to_owned()) }))
}
