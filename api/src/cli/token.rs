//! Development tokens from the command line.

use std::time::Duration;

use entity::vocabulary::BusinessId;

use super::CliError;
use crate::{
    app,
    auth::{self, Grant, Role, mint},
    clock::Clock,
    config::{self, Config},
};

/// What the token shall say.
#[derive(clap::Args)]
pub(super) struct TokenArguments {
    /// Business ID of the organisation it acts for.
    #[arg(long, value_parser = business_id)]
    org: BusinessId,
    /// Role; may be given several times.
    #[arg(long = "role", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Subject; named after organisation and role when absent.
    #[arg(long, value_parser = subject)]
    sub: Option<String>,
    /// Business ID of a processor that acts for the organisation.
    #[arg(long, value_parser = business_id)]
    processor: Option<BusinessId>,
    /// How long it is valid, such as `1h`.
    #[arg(long, default_value = "1h", value_parser = time_to_live)]
    ttl: Duration,
}

fn business_id(text: &str) -> Result<BusinessId, String> {
    text.parse().map_err(|fault: entity::vocabulary::Malformed| fault.to_string())
}

fn subject(text: &str) -> Result<String, String> {
    auth::subject(text.to_owned()).map_err(|fault| fault.to_string())
}

fn time_to_live(text: &str) -> Result<Duration, String> {
    let duration = config::duration(text)?;
    if duration.is_zero() { Err("a token must be valid for a while".to_owned()) } else { Ok(duration) }
}

fn role(text: &str) -> Result<Role, String> {
    let known = || Role::ALL.map(Role::name).join(", ");
    Role::from_name(text).ok_or_else(|| format!("not one of {}", known()))
}

/// Prints just the token.
pub(super) async fn print(config: &Config, arguments: &TokenArguments) -> Result<(), CliError> {
    let keys = app::open_keys(config).await?;
    let key = keys
        .development()
        .ok_or_else(|| CliError::Said("tokens come from the configured ISSUERS; the gateway mints none".to_owned()))?;
    let subject = arguments.sub.clone().unwrap_or_else(|| {
        format!("{}-{}", arguments.org, arguments.roles.first().map_or("nobody", |role| role.name()))
    });
    let grant = Grant {
        organisation: arguments.org,
        roles: arguments.roles.clone(),
        subject,
        processor: arguments.processor,
        time_to_live: arguments.ttl,
    };
    super::say(mint(key, &grant, Clock::default().now())?)
}
