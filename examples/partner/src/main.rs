//! A partner's system: asks what it may receive, decides before each fetch, keeps the duties, and fetches nothing without a decision.

mod gateway;
mod permit;

use std::{process::ExitCode, time::Duration};

use chrono::{DateTime, Utc};
use clap::Parser;

use gateway::{
    AccessDecision, AccessScope, Gateway, GatewayError,
    access_decision::{self, AccessDecisionInput, Channel},
    access_scope,
};
use permit::{Denial, Done, Permit, Permits};

/// Fetches benefit decisions of clients from a register over its technical interface.
#[derive(Parser)]
struct Arguments {
    /// Address of GraphQL.
    #[arg(long, env = "GATEWAY_URL", default_value = "http://127.0.0.1:8080/graphql")]
    gateway_url: String,
    /// Token of a system of the recipient.
    #[arg(long, env = "GATEWAY_TOKEN", hide_env_values = true)]
    gateway_token: String,
    /// Address of the data service.
    #[arg(long, env = "SERVICE_URL")]
    service_url: String,
    /// Seconds a decision is waited for while the gateway is unavailable.
    #[arg(long, default_value_t = 10)]
    patience: u64,
    #[arg(long, default_value = "KELMU")]
    register: String,
    #[arg(long = "item", default_value = "KEL.DECISION")]
    items: Vec<String>,
    #[arg(long, default_value = "SOCIAL_ASSISTANCE")]
    purpose: String,
    /// Themes of mandates the client has given, by their codes.
    #[arg(long = "mandate")]
    mandates: Vec<String>,
    /// Case the data is needed for.
    #[arg(long)]
    case: Option<String>,
    /// The client relationship has been confirmed.
    #[arg(long)]
    relationship_confirmed: bool,
    /// The client has been told beforehand.
    #[arg(long)]
    subject_informed: bool,
    /// Clients, by the references of the data service: no personal identity codes, for a command line is no secret.
    #[arg(required = true)]
    clients: Vec<String>,
}

/// Why the program ends before it has fetched everything.
#[derive(Debug, thiserror::Error)]
enum PartnerError {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Denied(#[from] Denial),
    #[error("the data service: {0}")]
    Service(#[from] reqwest::Error),
    #[error("nothing of {0} may be received: there is no open scope")]
    OutOfScope(String),
}

impl PartnerError {
    /// As `sysexits.h` has it: 77 for what is not permitted, 69 for who does not answer, 65 for a wrong question.
    fn code(&self) -> u8 {
        match self {
            Self::Denied(_) | Self::OutOfScope(_) => 77,
            Self::Gateway(GatewayError::Unavailable(_)) | Self::Service(_) => 69,
            Self::Gateway(GatewayError::Refused { .. }) => 65,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.code())
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), PartnerError> {
    let patience = Duration::from_secs(arguments.patience);
    let gateway = Gateway::new(arguments.gateway_url.clone(), arguments.gateway_token.clone(), patience)?;
    let service = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let scope = gateway.ask::<AccessScope>(access_scope::Variables { register: arguments.register.clone() }).await?;
    let items = scope.access_scope.scopes.iter().flat_map(|scope| &scope.items).count();
    if items == 0 {
        return Err(PartnerError::OutOfScope(arguments.register.clone()));
    }
    println!("{items} items of {} may be received", arguments.register);
    let mut permits = Permits::default();
    for client in &arguments.clients {
        let permit = permitted(&gateway, &mut permits, arguments).await?;
        let data = fetched(&service, arguments, client, &permit).await?;
        println!("{}", kept(client, &data, &permit));
    }
    Ok(())
}

/// Permission for the question of the arguments, from a decision no older than it may be.
async fn permitted(gateway: &Gateway, permits: &mut Permits, arguments: &Arguments) -> Result<Permit, PartnerError> {
    // Its `Debug` names everything that was asked, so equal texts are equal questions.
    let input = question(arguments);
    let key = format!("{input:?}");
    if let Some(permit) = permits.get(&key, now()) {
        return Ok(permit);
    }
    // Before it is asked: what the answer took is time in which it may have changed.
    let asked_at = now();
    let decided = gateway.ask::<AccessDecision>(access_decision::Variables { input }).await?.access_decision;
    let done =
        Done { relationship_confirmed: arguments.relationship_confirmed, subject_informed: arguments.subject_informed };
    let permit = Permit::of(&decided, asked_at, done)?;
    permits.keep(key, permit.clone());
    Ok(permit)
}

#[expect(clippy::disallowed_methods, reason = "a program of its own, whose clock is the machine's")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn question(arguments: &Arguments) -> AccessDecisionInput {
    AccessDecisionInput {
        agreement: None,
        at: None,
        case_reference: arguments.case.clone(),
        channel: Channel::TECHNICAL_INTERFACE,
        end_user: None,
        items: arguments.items.clone(),
        mandates: Some(arguments.mandates.clone()),
        onward_to: None,
        operation: None,
        purpose: arguments.purpose.clone(),
        recipient: None,
        register: arguments.register.clone(),
        subject_count: Some(1),
    }
}

/// Data of one client. The service is told what the decision was about, and asks the gateway itself before it answers.
async fn fetched(
    service: &reqwest::Client,
    arguments: &Arguments,
    client: &str,
    permit: &Permit,
) -> Result<String, PartnerError> {
    let mut request = service.get(&arguments.service_url).header("client-reference", client);
    request = request.header("purpose", &arguments.purpose).header("items", arguments.items.join(", "));
    if let Some(days) = permit.look_back_days {
        request = request.header("look-back-days", days);
    }
    Ok(request.send().await?.error_for_status()?.text().await?)
}

/// Line of what is kept, and on which terms.
fn kept(client: &str, data: &str, permit: &Permit) -> String {
    let until = permit.delete_after_days.map_or(String::new(), |days| format!(", deleted after {days} days"));
    let onward = if permit.no_onward { ", not passed on" } else { "" };
    format!("{client}: {} bytes under {}{onward}{until}", data.len(), permit.agreement)
}
