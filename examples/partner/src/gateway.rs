//! The gateway as a client sees it: typed questions, asked again while it is unavailable, and no longer than that helps.

use std::time::{Duration, Instant};

use graphql_client::{GraphQLQuery, Response};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

/// Scalars of the schema as this program holds them.
type BusinessId = String;
type DateTime = chrono::DateTime<chrono::Utc>;
type ItemCode = String;

/// What may be received at all.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../../schema.graphql",
    query_path = "src/partner.graphql",
    response_derives = "Debug",
    variables_derives = "Debug"
)]
pub struct AccessScope;

/// Whether something may be received now.
#[derive(GraphQLQuery)]
#[graphql(
    schema_path = "../../schema.graphql",
    query_path = "src/partner.graphql",
    response_derives = "Debug, Clone, PartialEq",
    variables_derives = "Debug"
)]
pub struct AccessDecision;

/// First pause before a question is asked again; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Longest pause, and the longest one taken from `Retry-After`.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Longest one attempt may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nobody decides just now. Without a decision nothing is fetched.
    #[error("the gateway cannot decide now: {0}")]
    Unavailable(String),
    /// The question or the token is wrong; asking again helps nothing.
    #[error("the gateway refuses the question: {code}: {message}")]
    Refused {
        /// Its code, stable.
        code: String,
        /// In words.
        message: String,
    },
}

/// Way to the gateway.
pub struct Gateway {
    client: reqwest::Client,
    url: String,
    token: String,
    /// How long a question is asked again before there is no answer.
    patience: Duration,
}

/// What one attempt came to.
enum Attempt<T> {
    Answered(T),
    /// Worth another, after this time where the gateway says so.
    Later(String, Option<Duration>),
    Refused(GatewayError),
}

impl Gateway {
    /// Way to an address, as whom a token names.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(url: String, token: String, patience: Duration) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(ATTEMPT_MAX).build()?;
        Ok(Self { client, url, token, patience })
    }

    /// Answer to a question. Questions write nothing, so each may be asked again.
    ///
    /// # Errors
    /// Unavailable when there was no answer in time; refused when there will be none.
    pub async fn ask<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Q::ResponseData, GatewayError> {
        let body = serde_json::to_string(&Q::build_query(variables)).map_err(|fault| refused("INTERNAL", &fault))?;
        let (begun, mut pause) = (Instant::now(), PAUSE);
        loop {
            let (why, wanted) = match self.attempt::<Q>(body.clone()).await {
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Refused(error) => return Err(error),
                Attempt::Later(why, wanted) => (why, wanted),
            };
            let wait = wanted.unwrap_or(pause).min(PAUSE_MAX);
            if begun.elapsed() + wait > self.patience {
                return Err(GatewayError::Unavailable(why));
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn attempt<Q: GraphQLQuery>(&self, body: String) -> Attempt<Q::ResponseData> {
        let request = self.client.post(&self.url).bearer_auth(&self.token).header(CONTENT_TYPE, "application/json");
        let answer = match request.body(body).send().await {
            Ok(answer) => answer,
            Err(fault) => return Attempt::Later(fault.without_url().to_string(), None),
        };
        let status = answer.status();
        let wanted = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let wanted = wanted.map(Duration::from_secs);
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY) {
            return Attempt::Later(status.to_string(), wanted);
        }
        let bytes = match answer.bytes().await {
            Ok(bytes) => bytes,
            Err(fault) => return Attempt::Later(fault.without_url().to_string(), wanted),
        };
        match serde_json::from_slice::<Response<Q::ResponseData>>(&bytes) {
            Ok(answer) => read(answer),
            Err(fault) => Attempt::Refused(refused(status.as_str(), &fault)),
        }
    }
}

/// What an answer says. With errors it is none, whatever else it holds: half an answer permits nothing.
fn read<T>(answer: Response<T>) -> Attempt<T> {
    let Some(error) = answer.errors.unwrap_or_default().into_iter().next() else {
        return match answer.data {
            Some(data) => Attempt::Answered(data),
            None => Attempt::Refused(refused("INTERNAL", &"an answer without data")),
        };
    };
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")?.as_str());
    match code {
        Some("UNAVAILABLE") => Attempt::Later(error.message, None),
        code => Attempt::Refused(refused(code.unwrap_or("INTERNAL"), &error.message)),
    }
}

fn refused(code: &str, message: &impl ToString) -> GatewayError {
    GatewayError::Refused { code: code.to_owned(), message: message.to_string() }
}
