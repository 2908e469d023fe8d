//! The doors of an opened gateway: its schema, who may enter, and with which picture of the facts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use futures::FutureExt;

use super::{
    App, Drawn, authzen, exports,
    ext_authz::{self, Identify},
    metrics::{self, Watched},
    statistics, strangers,
    trusted::{ManifestFaults, trusted_documents},
};
use crate::{
    Error,
    answers::Answers,
    auth::{AuthFault, Authenticator, Caller, Credentials, JwksFault, Viewer, jwks},
    config::Config,
    context::{Context, Gateway, View},
    database::Database,
    graphql::{
        documents::CacheLimits,
        gate::Limits,
        http::{
            Arrival, AtPresent, Authenticate, Bodies, Doors, Enter, Entered, FACTS_WAIT_MAX, KeySet, Knock, Present,
            Ready, Recognise, RequestLimits, SocketLimits, VariablesLimits, router, status_of,
        },
        trusted::TrustedDocuments,
    },
    server::{self, Lane, Principal, Turnstile},
    statistics::Sources,
    trail,
    transparency_log::tiles,
};

/// Header of every answer while the log is read from a replica: how many seconds it is behind.
const LOG_LAG: HeaderName = HeaderName::from_static("log-lag");

/// Why the doors do not open.
#[derive(Debug, thiserror::Error)]
pub enum DoorsError {
    /// Keys of the issuers.
    #[error("{0}")]
    Issuers(#[from] JwksFault),
    /// The schema.
    #[error("the schema cannot be read back: {0}")]
    Schema(#[from] Error),
    /// Manifests of trusted documents.
    #[error("{0}")]
    Manifests(#[from] ManifestFaults),
}

/// What answers for the gateway.
#[derive(Debug)]
pub struct Routers {
    /// At `LISTEN_ADDR`.
    pub main: Router,
    /// At `METRICS_ADDR`; null where the figures are shown by the main door.
    pub metrics: Option<Router>,
}

impl App {
    /// Router of the main door.
    ///
    /// # Errors
    /// When an issuer's key set in a file cannot be used, or a manifest.
    pub async fn router(&self) -> Result<Router, DoorsError> {
        Ok(self.routers(Drawn::of(&self.gateway.config)?).await?.main)
    }

    /// Routers of every door, by a schema drawn for the same settings: its limits are those of the gateway's documents.
    ///
    /// # Errors
    /// As [`Self::router`].
    pub async fn routers(&self, drawn: Drawn) -> Result<Routers, DoorsError> {
        let gateway = &self.gateway;
        let authenticator = Authenticator::start(&gateway.config, &gateway.keys, gateway.clock.now()).await?;
        let trusted = trusted_documents(&gateway.config).await?;
        Ok(self.doors(Arc::new(authenticator), trusted, drawn))
    }

    fn doors(&self, authenticator: Arc<Authenticator>, trusted: TrustedDocuments, drawn: Drawn) -> Routers {
        let gateway = &self.gateway;
        let fresh_keys = (Arc::clone(&authenticator), gateway.clock.clone());
        tokio::spawn(async move { fresh_keys.0.keep_fresh(&fresh_keys.1).await });
        let journal = gateway.journal.clone();
        let (stopping, known) = (self.stop.stopping(), Arc::clone(&authenticator));
        let sources = Sources::of(self.recorder.sets());
        let schemas = drawn.with(self.recorder.clone(), sources.clone(), self.log.clone());
        let turnstile = Arc::new(Turnstile::new(&gateway.config.serving));
        let identify = identify(Arc::clone(&authenticator), gateway.clone());
        let recognise = recognise(Arc::clone(&authenticator), gateway.clone());
        let authenticate = authenticate(authenticator, gateway.clone(), Arc::clone(&turnstile));
        let (enter, bodies) = (enter(gateway.clone()), bodies(&gateway.config));
        let (answers, at_present) = answers(gateway);
        let exports = exports::Door { authenticate: Arc::clone(&authenticate), enter: Arc::clone(&enter) };
        let others = statistics::door(statistics::Door {
            authenticate: Arc::clone(&authenticate),
            enter: Arc::clone(&enter),
            sources: sources.clone(),
            operation_time_max: bodies.time_max,
        });
        let others = others.merge(ext_authz::doors(ext_authz::Door {
            authenticate: Arc::clone(&authenticate),
            identify,
            enter: Arc::clone(&enter),
            recorder: self.recorder.clone(),
        }));
        let others = others.merge(exports::doors(exports)).merge(authzen::doors(authzen::Door {
            authenticate: Arc::clone(&authenticate),
            enter: Arc::clone(&enter),
            bodies: bodies.clone(),
            answers: Arc::clone(&answers),
            at_present: Arc::clone(&at_present),
            limits: request_limits(&gateway.config).variables,
            address: gateway.config.address(),
        }));
        let ready = self.ready(known);
        let figures = metrics::door(Watched {
            gateway: gateway.clone(),
            queue: self.recorder.queue(),
            log: self.log.clone(),
            ready: Arc::clone(&ready),
        });
        let (others, figures) = match gateway.config.observability.metrics_addr {
            Some(_) => (others, Some(figures)),
            None => (others.merge(figures), None),
        };
        let doors = Doors {
            schemas,
            trusted,
            anonymous_time_max: gateway.config.facts_max_age,
            bodies,
            request_limits: request_limits(&gateway.config),
            cors_origins: gateway.config.cors_origins.clone(),
            slow_from: gateway.config.observability.slow_operation,
            authenticate,
            recognise,
            knock: self.knock(&turnstile),
            enter,
            sockets: SocketLimits {
                greeting_time_max: Duration::from_secs(gateway.config.limits.socket_init_seconds_max as u64),
                message_time_max: gateway.config.serving.body_time_max,
                silence_max: Duration::from_secs(gateway.config.limits.socket_silence_seconds_max as u64),
                operations: gateway.config.limits.subscriptions_max,
            },
            stopping: {
                Arc::new(move || {
                    let mut stopping = stopping.clone();
                    async move { stopping.begun().await }.boxed()
                })
            },
            now: {
                let clock = gateway.clock.clone();
                Arc::new(move || clock.now())
            },
            answers,
            at_present,
            current_seq: Arc::new(move || journal.facts().seq),
            ready,
            key_set: gateway.keys.development().map(|key| {
                let set = jwks(key).to_string();
                Arc::new(move || set.clone()) as KeySet
            }),
        };
        let log = tiles::router(self.log.clone(), status_of);
        let log = strangers::counted(log, turnstile, gateway.config.trusted_proxies.clone());
        let main = router(doors, others.merge(log));
        let main = match gateway.config.database_read_url {
            Some(_) => main.layer(from_fn_with_state(Arc::new(gateway.database.clone()), with_log_lag)),
            None => main,
        };
        Routers { main, metrics: figures }
    }

    /// Who may come in before it is known who they are.
    fn knock(&self, turnstile: &Arc<Turnstile>) -> Knock {
        let (gateway, turnstile) = (self.gateway.clone(), Arc::clone(turnstile));
        Arc::new(move |Credentials { headers, peer }| {
            turnstile.admit(server::client(peer, headers, &gateway.config.trusted_proxies))
        })
    }

    /// What keeps the gateway from serving.
    fn ready(&self, known: Arc<Authenticator>) -> Ready {
        let (journal, queue, log) = (self.gateway.journal.clone(), self.recorder.queue(), self.log.clone());
        let (facts_max_age, stopping) = (self.gateway.config.facts_max_age, self.stop.stopping());
        Arc::new(move || {
            let missing = [
                stopping.is_announced().then_some("stopping"),
                journal.fault(),
                (journal.age() > facts_max_age).then_some("the facts are older than FACTS_MAX_AGE"),
                (!queue.is_open()).then_some("the writer has ended"),
                log.fault(),
                (!known.is_ready()).then_some("no issuer's keys are known"),
            ];
            missing.into_iter().flatten().collect()
        })
    }
}

/// Says how far behind the log was read, where a replica is read for it. The log was read at some instant between question
/// and answer; what the replica lacked when asked, and the time since, is the most that the answer can lack.
async fn with_log_lag(State(database): State<Arc<Database>>, request: Request, next: Next) -> Response {
    let (before, asked_at) = (database.log_lag(), Instant::now());
    let mut answer = next.run(request).await;
    if let Some(lag) = before.or_else(|| database.log_lag())
        && let lag = lag + asked_at.elapsed()
        && let Ok(seconds) = HeaderValue::try_from(format!("{:.1}", lag.as_secs_f64()))
    {
        answer.headers_mut().insert(LOG_LAG, seconds);
    }
    answer
}

pub(super) fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        bytes: limits.query_bytes_max as u64,
        tokens: limits.query_tokens_max as u64,
        nesting: limits.query_nesting_max as u64,
        depth: limits.query_depth_max as u64,
        fields: limits.query_fields_max as u64,
        aliases: limits.query_aliases_max as u64,
        root_fields: limits.query_root_fields_max as u64,
        complexity: limits.query_complexity_max as u64,
        page_size: limits.page_size_max as u64,
    }
}

fn request_limits(config: &Config) -> RequestLimits {
    let limits = &config.limits;
    RequestLimits {
        operations: limits.batch_operations_max as u64,
        variables: VariablesLimits {
            bytes: limits.variables_bytes_max as u64,
            depth: limits.variables_depth_max as u64,
            values: limits.variables_values_max as u64,
        },
    }
}

fn bodies(config: &Config) -> Bodies {
    Bodies {
        bytes_max: config.limits.body_bytes_max,
        lane: Lane::new(config.serving.heavy_operations_max),
        time_max: Duration::from_secs(config.limits.operation_seconds_max),
    }
}

pub(super) fn cache(config: &Config) -> CacheLimits {
    CacheLimits {
        documents: config.limits.document_cache_entries_max,
        bytes: config.limits.document_cache_bytes_max as u64,
    }
}

/// Who asks, and whether it may ask more just now. Whoever shows a token that does not hold is counted by address; a token
/// known to be good is let in from anywhere.
fn authenticate(authenticator: Arc<Authenticator>, gateway: Gateway, turnstile: Arc<Turnstile>) -> Authenticate {
    Arc::new(move |credentials| {
        let (authenticator, gateway, turnstile) = (Arc::clone(&authenticator), gateway.clone(), Arc::clone(&turnstile));
        async move {
            let from = server::client(credentials.peer, credentials.headers, &gateway.config.trusted_proxies);
            let now = gateway.clock.now();
            if let Err(refused) = turnstile.may_try(from)
                && !authenticator.knows(credentials, now)
            {
                return Err(refused);
            }
            let verified = authenticator.authenticate(credentials, now).await.inspect_err(|fault| {
                crate::metrics::token_refused(fault);
                if *fault != AuthFault::KeysUnavailable {
                    turnstile.failed(from);
                }
            })?;
            let (viewer, expires_at) = match verified {
                Some(verified) => {
                    crate::metrics::token_accepted();
                    trail::caller(&verified.viewer);
                    (Arc::clone(&verified.viewer), Some(verified.expires_at))
                }
                None if gateway.config.anonymous_read => (Arc::new(Viewer::anonymous()), None),
                None => return Err(Error::without_token("a bearer token is needed")),
            };
            let principal = match &viewer.subject {
                Some(subject) => Principal::Named { subject, organisation: viewer.organisation },
                None => from,
            };
            let place = Arc::new(turnstile.admit(principal)?);
            Ok(Caller { viewer, expires_at, place })
        }
        .boxed()
    })
}

fn recognise(authenticator: Arc<Authenticator>, gateway: Gateway) -> Recognise {
    Arc::new(move |credentials| {
        let (authenticator, now) = (Arc::clone(&authenticator), gateway.clock.now());
        async move { Ok(authenticator.authenticate(credentials, now).await.map(drop)?) }.boxed()
    })
}

fn identify(authenticator: Arc<Authenticator>, gateway: Gateway) -> Identify {
    Arc::new(move |credentials| {
        let (authenticator, now) = (Arc::clone(&authenticator), gateway.clock.now());
        async move {
            let verified = authenticator.authenticate(credentials, now).await;
            let verified = verified.inspect_err(crate::metrics::token_refused)?;
            Ok(verified.map(|verified| Arc::clone(&verified.viewer)))
        }
        .boxed()
    })
}

/// Room for answers given before, and the present in which they are looked for. Begins to look through the facts and to compile
/// what is not asked for before.
fn answers(gateway: &Gateway) -> (Arc<Answers>, AtPresent) {
    let facts = gateway.journal.facts();
    // Until then no answer is kept; the gateway serves meanwhile.
    tokio::task::spawn_blocking(move || {
        facts.survey();
        facts.compile_all();
    });
    let answers = Answers::new(gateway.config.limits.answer_cache_bytes_max as u64);
    (Arc::new(answers), at_present(gateway.clone()))
}

/// The facts and the time as they are.
fn at_present(gateway: Gateway) -> AtPresent {
    Arc::new(move || {
        let facts = gateway.journal.facts();
        let is_firm = gateway.journal.age() <= gateway.config.facts_max_age && gateway.journal.fault().is_none();
        is_firm.then(|| Present { facts_seq: facts.seq, at: gateway.clock.now() })
    })
}

fn enter(gateway: Gateway) -> Enter<Context> {
    Arc::new(move |arrival: Arrival| {
        let gateway = gateway.clone();
        async move {
            if let Some(seq) = arrival.min_seq
                && gateway.journal.facts().seq < seq
            {
                gateway.journal.wait_for(seq, FACTS_WAIT_MAX).await?;
            }
            let (facts, now) = (gateway.journal.facts(), gateway.clock.now());
            let facts_seq = facts.seq;
            let age = gateway.journal.age();
            let stale = age > gateway.config.facts_max_age || gateway.journal.fault().is_some();
            let view = View { facts, today: None, at: now, viewer: arrival.viewer, language: arrival.language };
            let context = Context::new(view, arrival.request_id, gateway, stale);
            let footing = Arc::clone(&context.footing);
            Ok(Entered { context, facts_seq, stale_for: stale.then_some(age), footing })
        }
        .boxed()
    })
}
