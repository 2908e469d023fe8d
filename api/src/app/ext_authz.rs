//! Decisions for gateways that ask before they let a request through: nginx `auth_request`, Envoy `ext_authz` over HTTP.
//!
//! Two are known by tokens. The **enforcement point** is a system of the register's controller; only it is believed what is
//! asked. The **recipient** is whom the client's own token names, and that token says nothing else. `docs/ext-authz.md`.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Extension, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::any,
};
use entity::vocabulary::{
    Channel, ClosedEnum, DisclosureGround, DisclosureOutcome, OnwardRecipientKind, Operation, Verdict, instant_text,
};
use futures::future::BoxFuture;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Error, Fault, FaultCode, Violations,
    access_decision::{QuestionInput, codes, decide_within},
    auth::{
        Caller, Credentials, Viewer,
        policy::{self, Access},
    },
    context::Context,
    decision::Decision,
    disclosure::{DisclosureDraft, OnPartial, Recorder, SubjectDraft},
    graphql::http::{Arrival, Authenticate, Enter, FACTS_SEQ, Refusal, RequestId, TEXT, min_seq, preferred_language},
    scope::graphql::DecisionReason,
};

/// Token of the enforcement point; the client's own stays where it is.
const ENFORCEMENT: HeaderName = HeaderName::from_static("enforcement-authorization");

const MODE: &str = "disclosure-mode";
const RECIPIENT: &str = "disclosure-recipient";
const REGISTER: &str = "disclosure-register";
const ITEMS: &str = "disclosure-items";
const PURPOSE: &str = "disclosure-purpose";
const CHANNEL: &str = "disclosure-channel";
const OPERATION: &str = "disclosure-operation";
const MANDATES: &str = "disclosure-mandates";
const CASE_REFERENCE: &str = "disclosure-case-reference";
const END_USER: &str = "disclosure-end-user";
const SUBJECT_COUNT: &str = "disclosure-subject-count";
const ONWARD_TO: &str = "disclosure-onward-to";
const AGREEMENT: &str = "disclosure-agreement";
const MESSAGE_ID: &str = "disclosure-message-id";
const CLIENT_SYSTEM: &str = "disclosure-client-system";
const SUBJECT_CODE: &str = "disclosure-subject-code";
const SUBJECT_BUSINESS_ID: &str = "disclosure-subject-business-id";

/// Headers of X-Road's message protocol for REST, read where the gateway's own are not given.
const X_ROAD_CLIENT: &str = "x-road-client";
const X_ROAD_ID: &str = "x-road-id";
const X_ROAD_USER: &str = "x-road-userid";
const X_ROAD_ISSUE: &str = "x-road-issue";

/// Instances of X-Road in Finland, in which members are known by business ID: production, test and development.
const X_ROAD_INSTANCES: [&str; 3] = ["FI", "FI-TEST", "FI-DEV"];

/// Headers of the answer.
const VERDICT: HeaderName = HeaderName::from_static("disclosure-decision");
const REASONS: HeaderName = HeaderName::from_static("disclosure-reasons");
const OBLIGATIONS: HeaderName = HeaderName::from_static("disclosure-obligations");
const VALID_UNTIL: HeaderName = HeaderName::from_static("disclosure-valid-until");
const LEAF_INDEX: HeaderName = HeaderName::from_static("disclosure-leaf-index");

/// Whom a token names, which is counted for nobody.
pub(super) type Identify =
    Arc<dyn for<'a> Fn(Credentials<'a>) -> BoxFuture<'a, Result<Option<Arc<Viewer>>, Error>> + Send + Sync>;

/// What the door needs.
#[derive(Clone)]
pub(super) struct Door {
    /// Who the enforcement point is.
    pub authenticate: Authenticate,
    /// Who the client is.
    pub identify: Identify,
    /// Context of a request.
    pub enter: Enter<Context>,
    /// The one way into the log.
    pub recorder: Recorder,
}

/// Routes of the door. Envoy appends the path it was asked for, which says nothing here.
pub(super) fn doors(door: Door) -> Router {
    Router::new()
        .route("/ext_authz", any(check))
        .route("/ext_authz/", any(check))
        .route("/ext_authz/{*path}", any(check))
        .with_state(Arc::new(door))
}

async fn check(
    State(door): State<Arc<Door>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    checked(&door, &parts, request_id).await.unwrap_or_else(|refusal| refusal.text(request_id))
}

async fn checked(door: &Door, parts: &Parts, request_id: Uuid) -> Result<Response, Refusal> {
    let point = enforcement_point(door, parts).await?;
    let client = (door.identify)(parts.into()).await?;
    if client.is_none() && !parts.headers.contains_key(RECIPIENT) && !parts.headers.contains_key(X_ROAD_CLIENT) {
        return Err(Error::without_token("a token of the client is needed, for nobody names the recipient").into());
    }
    let language = preferred_language(&parts.headers);
    let min_seq = min_seq(&parts.headers)?;
    let asked = asked(&parts.headers, client.as_deref()).map_err(Error::Invalid)?;
    let entered = (door.enter)(Arrival { viewer: point.viewer, language, min_seq, request_id }).await?;
    let answer = match asked.recording {
        None => decided(&entered.context, &asked.question, client.as_deref()).map(Answer::of),
        Some(recording) => recorded(door, &entered.context, asked.question, recording, client.as_deref()).await,
    };
    let mut response = answer.map_err(placed)?.response(&entered.context);
    response.headers_mut().insert(FACTS_SEQ, entered.facts_seq.into());
    Ok(response)
}

/// Who asks. Without it nothing of the request is believed, and to the client that is no matter of its own token: 403.
async fn enforcement_point(door: &Door, parts: &Parts) -> Result<Caller, Refusal> {
    let Credentials { headers, peer } = parts.into();
    let mut own = headers.clone();
    own.remove(AUTHORIZATION);
    for token in headers.get_all(ENFORCEMENT) {
        own.append(AUTHORIZATION, token.clone());
    }
    let known = (door.authenticate)(Credentials { headers: &own, peer }).await;
    known.map_err(|error| match error {
        Error::Unauthenticated { reason, .. } => {
            tracing::warn!(reason, "an enforcement point is not believed");
            Error::Forbidden.into()
        }
        other => other.into(),
    })
}

/// What is asked, and how it is to be recorded if it is.
struct Asked {
    question: QuestionInput,
    recording: Option<Recording>,
}

/// What a row of the log needs beyond the question.
struct Recording {
    message_id: String,
    client_system: Option<String>,
    subject: SubjectDraft,
}

/// Reads the headers. Each stands at most once: of two, one would be the client's.
fn asked(headers: &HeaderMap, client: Option<&Viewer>) -> Result<Asked, Violations> {
    let mut reader = Reader { headers, faults: Violations::new() };
    let recipient = reader.recipient(client);
    let register = reader.needed(REGISTER);
    let purpose = reader.needed(PURPOSE);
    let channel = reader.needed(CHANNEL).and_then(|code| reader.code::<Channel>(CHANNEL, &code));
    let operation = reader.text(OPERATION).and_then(|code| reader.code::<Operation>(OPERATION, &code));
    let onward_to = reader.text(ONWARD_TO).and_then(|code| reader.code::<OnwardRecipientKind>(ONWARD_TO, &code));
    let items = reader.needed(ITEMS).map(|text| list(&text));
    let mandates = reader.text(MANDATES).map(|text| list(&text)).unwrap_or_default();
    let case_reference = reader.text(CASE_REFERENCE).or_else(|| reader.text(X_ROAD_ISSUE));
    let end_user = reader.text(END_USER).or_else(|| reader.text(X_ROAD_USER));
    let subject_count = reader.count();
    let agreement = reader.text(AGREEMENT);
    let recording = reader.recording(subject_count, client);
    let (Some(register), Some(purpose), Some(channel), Some(items), []) =
        (register, purpose, channel, items, &reader.faults[..])
    else {
        return Err(reader.faults);
    };
    let question = QuestionInput {
        recipient,
        register,
        items,
        purpose,
        channel,
        operation: operation.unwrap_or(Operation::Read),
        mandates,
        end_user,
        case_reference,
        subject_count: subject_count.unwrap_or(1),
        onward_to,
        agreement,
        at: None,
    };
    Ok(Asked { question, recording })
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

struct Reader<'a> {
    headers: &'a HeaderMap,
    faults: Violations,
}

impl Reader<'_> {
    fn fault(&mut self, code: FaultCode, header: &str, why: impl Into<String>) {
        self.faults.push(Fault { code, message: why.into(), path: vec![header.to_owned()], citations: Vec::new() });
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let mut given = self.headers.get_all(name).iter();
        let value = given.next()?;
        if given.next().is_some() {
            self.fault(FaultCode::Malformed, name, "is given twice");
            return None;
        }
        let text = std::str::from_utf8(value.as_bytes()).map(str::trim);
        if text.is_err() {
            self.fault(FaultCode::Malformed, name, "is no UTF-8");
        }
        text.ok().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn needed(&mut self, name: &str) -> Option<String> {
        let known = self.faults.len();
        let text = self.text(name);
        if text.is_none() && self.faults.len() == known {
            self.fault(FaultCode::Blank, name, "is required");
        }
        text
    }

    fn code<E: ClosedEnum>(&mut self, name: &str, code: &str) -> Option<E> {
        let found = E::from_code(code);
        if found.is_none() {
            self.fault(FaultCode::Malformed, name, format!("must be {}", codes::<E>(str::to_owned)));
        }
        found
    }

    fn count(&mut self) -> Option<i64> {
        let text = self.text(SUBJECT_COUNT)?;
        let count = text.parse().ok();
        if count.is_none() {
            self.fault(FaultCode::Malformed, SUBJECT_COUNT, "must be a whole number");
        }
        count
    }

    /// Business ID of the organisation the client's token names; without a token, whom the enforcement point names.
    fn recipient(&mut self, client: Option<&Viewer>) -> Option<String> {
        let named = match self.text(RECIPIENT) {
            Some(business_id) => Some((RECIPIENT, business_id)),
            None => self.x_road_member().map(|member| (X_ROAD_CLIENT, member)),
        };
        let shown = client.map(|client| client.organisation.map(|organisation| organisation.to_string()));
        match (shown, named) {
            (Some(Some(shown)), Some((header, named))) if shown != named => {
                self.fault(FaultCode::Conflict, header, "names another organisation than the client's token");
                None
            }
            (Some(Some(shown)), _) => Some(shown),
            (Some(None), _) => {
                self.fault(FaultCode::NotFound, AUTHORIZATION.as_str(), "the client's token names no organisation");
                None
            }
            (None, Some((_, named))) => Some(named),
            // Asked about nobody, the enforcement point would be asked about itself.
            (None, None) => {
                self.fault(FaultCode::Blank, RECIPIENT, "is required without a token of the client");
                None
            }
        }
    }

    /// Member code of `instance/class/member/subsystem`, which is a business ID in the instances of Finland.
    fn x_road_member(&mut self) -> Option<String> {
        let client = self.text(X_ROAD_CLIENT)?;
        let parts: Vec<_> = client.split('/').collect();
        let [instance, _, member, _] = parts[..] else {
            self.fault(FaultCode::Malformed, X_ROAD_CLIENT, "is no `INSTANCE/CLASS/MEMBER/SUBSYSTEM`");
            return None;
        };
        if !X_ROAD_INSTANCES.contains(&instance) {
            let why = format!("is of another instance than {}", X_ROAD_INSTANCES.join(", "));
            self.fault(FaultCode::Malformed, X_ROAD_CLIENT, why);
            return None;
        }
        Some(member.to_owned())
    }

    fn recording(&mut self, subject_count: Option<i64>, client: Option<&Viewer>) -> Option<Recording> {
        match self.text(MODE).as_deref() {
            None | Some("decide") => return None,
            Some("record") => {}
            Some(_) => {
                self.fault(FaultCode::Malformed, MODE, "must be `decide` or `record`");
                return None;
            }
        }
        let message_id = self.text(MESSAGE_ID).or_else(|| self.text(X_ROAD_ID));
        if message_id.is_none() {
            self.fault(FaultCode::Blank, MESSAGE_ID, "is required to record");
        }
        if self.headers.contains_key(ONWARD_TO) {
            self.fault(FaultCode::Conflict, ONWARD_TO, "is only decided here; whoever passes data on records it");
        }
        let code = self.text(SUBJECT_CODE).map(Zeroizing::new);
        let business_id = self.text(SUBJECT_BUSINESS_ID);
        let subject = match (code, business_id, subject_count) {
            (Some(_), Some(_), _) => {
                self.fault(FaultCode::Conflict, SUBJECT_BUSINESS_ID, "cannot be given beside a person");
                return None;
            }
            (Some(_), _, Some(count)) | (_, Some(_), Some(count)) if count != 1 => {
                self.fault(FaultCode::Conflict, SUBJECT_COUNT, "is 1 where the subject is named");
                return None;
            }
            (Some(code), None, _) => SubjectDraft::PersonalIdentityCode(code),
            (None, Some(business_id), _) => SubjectDraft::BusinessId(business_id),
            (None, None, Some(count)) => SubjectDraft::Count(count),
            (None, None, None) => {
                self.fault(
                    FaultCode::Blank,
                    SUBJECT_CODE,
                    "is required to record; or a business ID, or a count where nobody is identified",
                );
                return None;
            }
        };
        let client_system = self.text(CLIENT_SYSTEM).or_else(|| self.text(X_ROAD_CLIENT));
        let client_system = client_system.or_else(|| client?.subject.clone());
        Some(Recording { message_id: message_id?, client_system, subject })
    }
}

/// What is said to the gateway that asked.
struct Answer {
    decision: Decision,
    /// The row that was recorded; null where nothing is.
    recorded: Option<Recorded>,
}

#[derive(Clone, Copy)]
struct Recorded {
    /// Its index in the log; null where it is another's.
    leaf_index: Option<i64>,
    is_delivered: bool,
    /// Whether it stood there before.
    is_repeat: bool,
}

impl Answer {
    fn of(decision: Decision) -> Self {
        Self { decision, recorded: None }
    }

    fn response(&self, context: &Context) -> Response {
        let (decision, view) = (&self.decision, &context.view);
        let is_repeat = self.recorded.is_some_and(|recorded| recorded.is_repeat);
        let is_delivered = self.recorded.is_none_or(|recorded| recorded.is_delivered);
        let is_permitted = decision.verdict == Verdict::Permitted && is_delivered && !is_repeat;
        let mut headers = HeaderMap::new();
        let mut say = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        };
        say(VERDICT, if is_permitted { Verdict::Permitted.code() } else { Verdict::Denied.code() });
        let number = decision.agreement.and_then(|id| view.facts.agreement.get(id)).map(|row| row.number.as_str());
        say(HeaderName::from_static(AGREEMENT), number.unwrap_or_default());
        if let Some(Recorded { leaf_index: Some(index), .. }) = self.recorded {
            say(LEAF_INDEX, &index.to_string());
        }
        if is_permitted {
            let codes: Vec<_> = decision.obligations.iter().map(duty).collect();
            say(OBLIGATIONS, &codes.join(", "));
            say(VALID_UNTIL, &decision.valid_until.map(instant_text).unwrap_or_default());
            return (StatusCode::OK, headers).into_response();
        }
        let mut codes: Vec<_> = decision.reasons.iter().map(|reason| reason.code.code()).collect();
        codes.dedup();
        let mut lines = String::new();
        for reason in DecisionReason::all(view, decision.reasons.iter().cloned()) {
            lines.extend([reason.reason.code.code(), ": ", &reason.words(), "\n"]);
        }
        if is_repeat {
            codes.push(REPEATED);
            lines.push_str(REPEATED);
            lines.push_str(": this message has been recorded before; a disclosure needs one of its own\n");
        }
        say(REASONS, &codes.join(", "));
        headers.insert(CONTENT_TYPE, TEXT);
        (StatusCode::FORBIDDEN, headers, lines).into_response()
    }
}

/// Said of a message that stands in the log already.
const REPEATED: &str = "ALREADY_EXISTS";

fn duty(obligation: &crate::decision::Obligation) -> String {
    let code = obligation.code.code();
    obligation.days.map_or_else(|| code.to_owned(), |days| format!("{code}={days}"))
}

/// The decision on what the enforcement point may ask, and of that on what the client's token may be used for.
fn decided(context: &Context, question: &QuestionInput, client: Option<&Viewer>) -> Result<Decision, Error> {
    let facts = &context.view.facts;
    let (decision, _) = decide_within(context, "", question, |question| {
        if !policy::enforces(facts, &context.view.viewer, question.register) {
            return Err(Error::Forbidden);
        }
        client.map_or(Ok(Access::All), |client| policy::access(facts, client, question.recipient, question.register))
    })?;
    Ok(decision)
}

/// Decides and records in one step: no log, no data.
async fn recorded(
    door: &Door,
    context: &Context,
    question: QuestionInput,
    recording: Recording,
    client: Option<&Viewer>,
) -> Result<Answer, Error> {
    let facts = &context.view.facts;
    let judged = decided(context, &question, client)?;
    // A processor is served only under agreements that name it: what is recorded rests on the one it was judged on. Where
    // there is none, no row could say so without resting on another.
    let is_served = client.is_some_and(|client| client.processor.is_some());
    let pinned = judged.agreement.filter(|_| is_served).and_then(|id| facts.agreement.get(id));
    if is_served && pinned.is_none() {
        return Ok(Answer::of(judged));
    }
    let keeper = policy::log_keeper(facts, &context.view.viewer)?;
    let draft = DisclosureDraft {
        message_id: recording.message_id,
        part: 0,
        recipient: question.recipient,
        register: question.register,
        items: question.items,
        purpose: question.purpose,
        channel: question.channel,
        operation: question.operation,
        occurred_at: instant_text(context.now),
        subject: recording.subject,
        case_reference: question.case_reference,
        end_user: question.end_user,
        client_system: recording.client_system,
        mandates: question.mandates,
        outcome: DisclosureOutcome::Delivered,
        ground: DisclosureGround::Statute,
        consent_reference: None,
        onward_to: question.onward_to,
        agreement: pinned.map(|row| row.number.clone()).or(question.agreement),
        withheld_until: None,
        withholding_basis: None,
        corrects: None,
    };
    let authorised = match door.recorder.authorise(keeper, draft, OnPartial::Deny).await {
        Err(Error::Invalid(faults)) if is_repeat(&faults) => {
            let recorded = Recorded { leaf_index: None, is_delivered: false, is_repeat: true };
            return Ok(Answer { decision: judged, recorded: Some(recorded) });
        }
        authorised => authorised?,
    };
    let row = authorised.recorded.row;
    let recorded = Recorded {
        leaf_index: Some(row.leaf_index),
        is_delivered: row.outcome == DisclosureOutcome::Delivered,
        is_repeat: authorised.recorded.repeated,
    };
    Ok(Answer { decision: authorised.decision, recorded: Some(recorded) })
}

/// Whether all that is wrong is that the message stands in the log already, with whatever content and since whenever.
fn is_repeat(faults: &Violations) -> bool {
    let is_of_message =
        |fault: &Fault| fault.code == FaultCode::Conflict && fault.path.last().is_some_and(|last| last == "messageId");
    faults.iter().all(is_of_message)
}

/// Faults with the header that has what is wrong.
fn placed(error: Error) -> Error {
    let Error::Invalid(faults) = error else { return error };
    let place = |mut fault: Fault| {
        if fault.path.first().is_some_and(|first| first == "disclosure") {
            fault.path.remove(0);
        }
        if let Some(first) = fault.path.first_mut() {
            *first = header_of(first).to_owned();
        }
        fault
    };
    Error::Invalid(faults.into_iter().map(place).collect())
}

fn header_of(field: &str) -> &str {
    match field {
        "recipient" => RECIPIENT,
        "register" => REGISTER,
        "items" => ITEMS,
        "purpose" => PURPOSE,
        "channel" => CHANNEL,
        "operation" => OPERATION,
        "mandates" => MANDATES,
        "caseReference" => CASE_REFERENCE,
        "endUser" => END_USER,
        "subjectCount" => SUBJECT_COUNT,
        "onwardTo" => ONWARD_TO,
        "agreement" => AGREEMENT,
        "messageId" => MESSAGE_ID,
        "clientSystem" => CLIENT_SYSTEM,
        "subject" => SUBJECT_CODE,
        other => other,
    }
}
