//! Errors as GraphQL says them: stable codes, faults with their places, and never anything of our insides.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, ErrorExtensionValues, OutputType, Positioned, Response, ServerError, ServerResult,
    SimpleObject, Value, parser::types::Field, registry, value,
};
use entity::vocabulary::{ClosedEnum, DecisionReasonCode, contains_personal_identity_code};
use uuid::Uuid;

use super::{documents::Introspection, said::enum_of, scalars::Citation};
use crate::{Error, ErrorCode, Fault, FaultCode, context::View, facts::Facts, metrics, trail};

/// Said instead of a text that holds a personal identity code.
const MALFORMED: &str = "malformed value";

/// How the engine begins what it suggests.
const SUGGESTION: &str = " Did you mean";

/// Characters told of a message of the engine, which says back what it was given, however long.
const TOLD_CHARACTERS_MAX: usize = 500;

/// Name of a code in `extensions.code`.
pub fn code_name(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthenticated => "UNAUTHENTICATED",
        ErrorCode::Forbidden => "FORBIDDEN",
        ErrorCode::NotFound => "NOT_FOUND",
        ErrorCode::InvalidInput => "INVALID_INPUT",
        ErrorCode::Conflict => "CONFLICT",
        ErrorCode::LimitExceeded => "LIMIT_EXCEEDED",
        ErrorCode::Unavailable => "UNAVAILABLE",
        ErrorCode::Internal => "INTERNAL",
        ErrorCode::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
        ErrorCode::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
    }
}

/// Answer to a request that was not executed.
pub fn refusal(error: &Error, request_id: Uuid) -> Response {
    let (message, extensions) = said(error, request_id);
    let mut told = ServerError::new(message, None);
    told.extensions = Some(extensions);
    Response::from_errors(vec![told])
}

/// What is wrong with a request that was not executed, a line each.
pub fn lines(error: &Error, request_id: Uuid) -> String {
    let (message, _) = said(error, request_id);
    match error {
        Error::Invalid(faults) => faults.iter().map(line).collect(),
        Error::Internal { .. } => format!("{message} in request {request_id}\n"),
        _ => format!("{message}\n"),
    }
}

fn line(fault: &Fault) -> String {
    format!("{}: {}\n", fault.path.join("."), discreet(&fault.message))
}

/// Answer with each error in the form callers rely on.
///
/// Resolvers return [`Error`] as it is; the engine carries it here. An error the engine made itself is about the document
/// or its variables; any other is a fault of ours, whose text stays in the log. Names the engine suggests are the schema's:
/// they are told to those who may ask for it.
#[must_use]
pub fn finished(mut response: Response, request_id: Uuid, introspection: Introspection) -> Response {
    for told in &mut response.errors {
        let (message, extensions) = match (&told.source, told.source::<Error>()) {
            (_, Some(error)) => said(error, request_id),
            (Some(_), None) => said(&Error::internal(&*told.message), request_id),
            (None, None) => {
                (of_engine(&told.message, introspection).to_owned(), extensions_of(ErrorCode::InvalidInput))
            }
        };
        told.message = message;
        told.extensions = Some(extensions);
    }
    response
}

/// What is told of an error of the engine.
fn of_engine(message: &str, introspection: Introspection) -> &str {
    if contains_personal_identity_code(message) {
        return MALFORMED;
    }
    let told = match introspection {
        Introspection::Open => message,
        Introspection::Closed => message.split_once(SUGGESTION).map_or(message, |(told, _)| told),
    };
    told.char_indices().nth(TOLD_CHARACTERS_MAX).map_or(told, |(end, _)| &told[..end])
}

/// Whether every error of an answer is a use-case's own, so that the document and its variables were sound.
pub(super) fn are_ours(errors: &[ServerError]) -> bool {
    errors.iter().all(|error| error.source::<Error>().is_some())
}

fn said(error: &Error, request_id: Uuid) -> (String, ErrorExtensionValues) {
    let mut extensions = extensions_of(error.code());
    let refused = |fault| trail::refused(code_name(error.code()), fault);
    match error {
        Error::Unauthenticated { reason, .. } => refused(reason),
        Error::NotFound(what) => refused(what),
        Error::Forbidden => refused("role or side"),
        Error::Unavailable(_) | Error::DocumentUnknown => {}
        Error::DocumentNotTrusted => refused("document"),
        Error::Invalid(faults) => {
            extensions.set("faults", Value::List(faults.iter().map(fault_value).collect()));
        }
        Error::LimitExceeded { limit, allowed, retry_after_seconds } => {
            metrics::limit_exceeded(limit);
            refused(limit);
            extensions.set("limit", *limit);
            extensions.set("allowed", *allowed);
            if let Some(seconds) = retry_after_seconds {
                extensions.set("retryAfterSeconds", *seconds);
            }
        }
        Error::Internal { detail } => {
            tracing::error!(%request_id, detail = &*discreet(detail), "internal error");
            extensions.set("requestId", request_id.to_string());
        }
    }
    (error.to_string(), extensions)
}

/// What every error tells; each is counted here, once.
fn extensions_of(code: ErrorCode) -> ErrorExtensionValues {
    let mut extensions = ErrorExtensionValues::default();
    metrics::error(code_name(code));
    extensions.set("code", code_name(code));
    extensions
}

fn fault_value(fault: &Fault) -> Value {
    value!({
        "code": (fault_name(fault.code)),
        "message": (discreet(&fault.message).into_owned()),
        "path": (fault.path.clone()),
    })
}

/// The text, unless a caller's personal identity code has got into it.
pub(crate) fn discreet(text: &str) -> Cow<'_, str> {
    if contains_personal_identity_code(text) { MALFORMED.into() } else { text.into() }
}

/// Name of a code in `userErrors` and `extensions.faults`.
pub fn fault_name(code: FaultCode) -> &'static str {
    match code {
        FaultCode::Blank => "BLANK",
        FaultCode::TooLong => "TOO_LONG",
        FaultCode::Malformed => "MALFORMED",
        FaultCode::PeriodReversed => "PERIOD_REVERSED",
        FaultCode::NotFound => "NOT_FOUND",
        FaultCode::Conflict => "CONFLICT",
        FaultCode::WrongStatus => "WRONG_STATUS",
        FaultCode::AlreadyExists => "ALREADY_EXISTS",
        FaultCode::ContactMissing => "CONTACT_MISSING",
        FaultCode::Reason(reason) => reason.code(),
    }
}

/// Codes that are not reasons of a decision, with what they say.
const PLAIN_CODES: [(FaultCode, &str); 9] = [
    (FaultCode::Blank, "Nothing given where something is needed."),
    (FaultCode::TooLong, "Longer, larger or more than the limit."),
    (FaultCode::Malformed, "Not of its form."),
    (FaultCode::PeriodReversed, "Ends before it starts."),
    (FaultCode::NotFound, "Refers to what is not there, or not for the caller to know."),
    (FaultCode::Conflict, "Contradicts what stands."),
    (FaultCode::WrongStatus, "Not possible in this status."),
    (FaultCode::AlreadyExists, "Stands already."),
    (FaultCode::ContactMissing, "A contact is missing."),
];

/// Code of a refusal by the business, said as a GraphQL enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserErrorCode(pub FaultCode);

impl OutputType for UserErrorCode {
    fn type_name() -> Cow<'static, str> {
        "UserErrorCode".into()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        let description = "Code of a refusal by the business. Closed and stable; reasons of decisions stand under their \
            own names.";
        let plain = PLAIN_CODES.into_iter().map(|(code, said)| (fault_name(code), said));
        let reasons = DecisionReasonCode::ALL.iter().map(|(_, code, said)| (*code, *said));
        registry.create_output_type::<Self, _>(registry::MetaTypeId::Enum, |_| {
            enum_of::<Self>("UserErrorCode", description, plain.clone().chain(reasons.clone()))
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(async_graphql::Name::new(fault_name(self.0))))
    }
}

/// Refusal of a mutation by the business: what is wrong, where, and by which law.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// Sort of fault.
    code: UserErrorCode,
    /// What is wrong, in words; may change.
    message: String,
    /// Place in the argument, from `input` on; indices in decimals.
    path: Vec<String>,
    /// Provisions the refusal rests on; at most 50, empty for a plain fault.
    citations: Vec<CitedProvision>,
}

impl UserError {
    /// Refusal of a fault.
    pub fn of(facts: &Facts, fault: &Fault) -> Self {
        Self {
            code: UserErrorCode(fault.code),
            message: discreet(&fault.message).into_owned(),
            path: fault.path.clone(),
            citations: fault.citations.iter().filter_map(|id| CitedProvision::of(facts, *id)).collect(),
        }
    }

    /// Refusal of a fault whose place was counted within `input`.
    fn of_input(facts: &Facts, fault: &Fault) -> Self {
        let mut refusal = Self::of(facts, fault);
        if refusal.path.first().is_none_or(|first| first != "input") {
            refusal.path.insert(0, "input".to_owned());
        }
        refusal
    }

    /// What a write has to show: what `of` sees of the id it names, in the view after it, or the refusals of the business.
    ///
    /// # Errors
    /// As [`Self::split`].
    pub fn shown<I, T>(
        view: &View,
        written: Result<(View, Option<I>), Error>,
        of: impl FnOnce(&View, I) -> Option<T>,
    ) -> Result<(Option<T>, Vec<Self>), Error> {
        let (done, refusals) = Self::split(&view.facts, written)?;
        Ok((done.and_then(|(view, id)| of(&view, id?)), refusals))
    }

    /// What a write came to: its value, or the refusals of the business. Any other error stays one.
    ///
    /// # Errors
    /// Every error but an invalid input or a thing that is not there.
    pub fn split<T>(facts: &Facts, written: Result<T, Error>) -> Result<(Option<T>, Vec<Self>), Error> {
        match written {
            Ok(value) => Ok((Some(value), Vec::new())),
            Err(Error::Invalid(faults)) => {
                if faults.iter().any(|fault| fault.code == FaultCode::NotFound) {
                    trail::refused(code_name(ErrorCode::NotFound), "named in an input");
                }
                Ok((None, faults.iter().map(|fault| Self::of_input(facts, fault)).collect()))
            }
            Err(Error::NotFound(what)) => {
                trail::refused(code_name(ErrorCode::NotFound), what);
                let fault = Fault::new(FaultCode::NotFound, "id", format!("no such {what}"));
                Ok((None, vec![Self::of_input(facts, &fault)]))
            }
            Err(error) => Err(error),
        }
    }
}

/// Provision a refusal rests on.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct CitedProvision {
    /// Canonical citation.
    citation: Citation,
    /// European Legislation Identifier; null where none is known.
    eli: Option<String>,
}

impl CitedProvision {
    /// Provision of an id; null when the facts do not have it.
    pub fn of(facts: &Facts, id: entity::vocabulary::LegalBasisId) -> Option<Self> {
        let row = facts.legal_basis.get(id)?;
        Some(Self { citation: Citation::stored(&row.citation), eli: row.eli.clone() })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn missing(&self) -> Result<i32, Error> {
            Err(Error::NotFound("agreement"))
        }

        async fn nullable(&self) -> Option<Result<i32, Error>> {
            Some(Err(Error::Forbidden))
        }

        async fn faulty(&self) -> Result<i32, Error> {
            Err(Error::Invalid(vec![Fault::new(FaultCode::Malformed, "after.0", "131052-308T is no cursor")]))
        }

        async fn limited(&self) -> Result<i32, Error> {
            Err(Error::LimitExceeded { limit: "PAGE_SIZE_MAX", allowed: 100, retry_after_seconds: Some(3) })
        }

        async fn broken(&self) -> Result<i32, Error> {
            Err(Error::internal("password of db.internal"))
        }

        async fn leaking(&self) -> async_graphql::Result<i32> {
            Err(std::io::Error::other("secret of the host"))?
        }

        async fn twice(&self, number: i32) -> i32 {
            number * 2
        }
    }

    async fn error_of(query: &str) -> serde_json::Value {
        error_to(query, Introspection::Open).await
    }

    async fn error_to(query: &str, introspection: Introspection) -> serde_json::Value {
        let response = Schema::new(Query, EmptyMutation, EmptySubscription).execute(query).await;
        let response = serde_json::to_value(finished(response, Uuid::from_u128(7), introspection)).unwrap();
        response["errors"][0].clone()
    }

    #[tokio::test]
    async fn error_of_a_use_case_keeps_its_code_and_place() {
        let error = error_of("{ missing }").await;
        assert_eq!(error["extensions"]["code"], "NOT_FOUND");
        assert_eq!(error["message"], "no such agreement");
        assert_eq!(error["path"][0], "missing");
        assert_eq!(error_of("{ nullable }").await["extensions"]["code"], "FORBIDDEN");
    }

    #[tokio::test]
    async fn fault_tells_its_place_and_never_a_personal_identity_code() {
        let error = error_of("{ faulty }").await;
        let fault = &error["extensions"]["faults"][0];
        assert_eq!(fault["code"], "MALFORMED");
        assert_eq!(fault["path"], serde_json::json!(["after", "0"]));
        assert!(!error.to_string().contains("131052"));
    }

    #[tokio::test]
    async fn limit_is_named_with_the_time_to_wait() {
        let extensions = &error_of("{ limited }").await["extensions"];
        let expected = serde_json::json!({"code": "LIMIT_EXCEEDED", "limit": "PAGE_SIZE_MAX", "allowed": 100, "retryAfterSeconds": 3});
        assert_eq!(*extensions, expected);
    }

    #[tokio::test]
    async fn fault_of_ours_tells_only_the_request_id() {
        for query in ["{ broken }", "{ leaking }"] {
            let error = error_of(query).await;
            assert_eq!(error["message"], "internal error", "{query}");
            assert_eq!(error["extensions"]["requestId"], Uuid::from_u128(7).to_string());
        }
    }

    #[tokio::test]
    async fn fault_of_the_document_is_invalid_input_without_echo() {
        for query in ["{ nothing }", r#"{ twice(number: "131052-308T") }"#, "{ twice }"] {
            let error = error_of(query).await;
            assert_eq!(error["extensions"]["code"], "INVALID_INPUT", "{query}");
            assert!(!error.to_string().contains("131052"));
        }
    }

    #[tokio::test]
    async fn names_are_suggested_only_to_those_who_may_ask_for_the_schema() {
        for query in ["{ missin }", "{ twice(number: 1, numbr: 1) }"] {
            let open = error_to(query, Introspection::Open).await["message"].as_str().unwrap().to_owned();
            let closed = error_to(query, Introspection::Closed).await["message"].as_str().unwrap().to_owned();
            assert!(open.contains("Did you mean"), "{open}");
            assert_eq!(open.split(" Did").next(), Some(closed.as_str()));
        }
    }

    #[tokio::test]
    async fn long_name_is_not_said_back_whole() {
        let message = error_of(&format!("{{ {} }}", "a".repeat(9_000))).await["message"].as_str().unwrap().to_owned();
        assert_eq!(message.chars().count(), 500);
    }

    #[test]
    fn no_two_codes_share_a_name() {
        let mut names: Vec<_> = PLAIN_CODES.iter().map(|(code, _)| fault_name(*code)).collect();
        names.extend(DecisionReasonCode::ALL.iter().map(|(_, code, _)| *code));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
