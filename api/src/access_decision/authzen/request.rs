//! What an AuthZEN request asks, read from JSON: every fault with its place, members nobody knows passed over.
//!
//! | AuthZEN | question |
//! |---|---|
//! | `subject` of type `organization`, or of type `user` with `properties.organization` | recipient; a user is its end user |
//! | `action.name`, `properties.purpose`, `properties.channel` | operation in lower case, purpose, channel |
//! | `resource` of type `register`, `properties.items` | register, items |
//! | `context` | mandates, case reference and the rest |

use async_graphql::{Name, Value, indexmap::IndexMap};
use entity::vocabulary::{Channel, ClosedEnum, OnwardRecipientKind, Operation};

use crate::{
    Error, Fault, FaultCode, Violations,
    access_decision::{QuestionInput, codes},
};

/// Evaluations of one request.
pub const EVALUATIONS_MAX: usize = 100;

/// Items asked by all evaluations of one request: defaults multiply what a few bytes ask.
pub const EVALUATED_ITEMS_MAX: usize = 2_000;

const ORGANIZATION: &str = "organization";
const USER: &str = "user";
const REGISTER: &str = "register";

/// Members of an object.
pub type Object = IndexMap<Name, Value>;

/// What is asked.
#[derive(Debug)]
pub enum Asked {
    /// One evaluation.
    One(Box<Evaluation>),
    /// Several, of which one that cannot be read hinders no other.
    Several(Vec<Result<Evaluation, Violations>>, Semantic),
}

impl Asked {
    /// Items it asks about, all in all.
    pub fn items(&self) -> usize {
        match self {
            Self::One(evaluation) => evaluation.question.items.len(),
            Self::Several(evaluations, _) => evaluations.iter().flatten().map(|asked| asked.question.items.len()).sum(),
        }
    }
}

/// Which of several evaluations are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Semantic {
    /// All.
    All,
    /// Up to the first that is denied.
    UntilDenied,
    /// Up to the first that is permitted.
    UntilPermitted,
}

/// One evaluation: a question of access, and where its parts stood.
#[derive(Debug)]
pub struct Evaluation {
    /// The question.
    pub question: QuestionInput,
    /// Whether the recipient stood in the subject's properties.
    is_of_user: bool,
}

impl Evaluation {
    /// Faults of the question, each with the place where the request has what is wrong.
    pub fn placed(&self, faults: Violations) -> Violations {
        let place = |part: &str| match part {
            "recipient" if self.is_of_user => "subject.properties.organization",
            "recipient" | "endUser" => "subject.id",
            "register" => "resource.id",
            "items" => "resource.properties.items",
            "purpose" => "action.properties.purpose",
            "mandates" => "context.mandates",
            "caseReference" => "context.caseReference",
            "subjectCount" => "context.subjectCount",
            "agreement" => "context.agreement",
            _ => "context.at",
        };
        let placed = |mut fault: Fault| {
            if let Some((first, rest)) = fault.path.split_first() {
                fault.path = place(first).split('.').map(str::to_owned).chain(rest.iter().cloned()).collect();
            }
            fault
        };
        faults.into_iter().map(placed).collect()
    }
}

/// Reads one evaluation.
///
/// # Errors
/// Invalid with every fault.
pub fn one(request: &Object) -> Result<Asked, Error> {
    evaluation(request, None).map(|evaluation| Asked::One(Box::new(evaluation))).map_err(Error::Invalid)
}

/// Reads several; one when there are none.
///
/// # Errors
/// Invalid with every fault of the request as a whole; limit exceeded.
pub fn several(request: &Object) -> Result<Asked, Error> {
    let mut faults = Violations::new();
    let semantic = semantic(request, &mut faults);
    let evaluations = match request.get("evaluations") {
        None => &[][..],
        Some(Value::List(evaluations)) => evaluations,
        Some(_) => {
            faults.push(malformed("evaluations", "must be a list"));
            &[][..]
        }
    };
    if evaluations.is_empty() && faults.is_empty() {
        return one(request);
    }
    for part in ["subject", "action", "resource", "context"] {
        if request.get(part).is_some_and(|given| !matches!(given, Value::Object(_))) {
            faults.push(malformed(part, "must be an object"));
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if evaluations.len() > EVALUATIONS_MAX {
        return Err(Error::LimitExceeded {
            limit: "EVALUATIONS_MAX",
            allowed: EVALUATIONS_MAX as u64,
            retry_after_seconds: None,
        });
    }
    let read = |given: &Value| match given {
        Value::Object(given) => evaluation(given, Some(request)),
        _ => Err(vec![malformed("", "must be an object")]),
    };
    let asked = Asked::Several(evaluations.iter().map(read).collect(), semantic);
    if asked.items() > EVALUATED_ITEMS_MAX {
        return Err(Error::LimitExceeded {
            limit: "EVALUATED_ITEMS_MAX",
            allowed: EVALUATED_ITEMS_MAX as u64,
            retry_after_seconds: None,
        });
    }
    Ok(asked)
}

fn semantic(request: &Object, faults: &mut Violations) -> Semantic {
    let options = match request.get("options") {
        None => return Semantic::All,
        Some(Value::Object(options)) => options,
        Some(_) => {
            faults.push(malformed("options", "must be an object"));
            return Semantic::All;
        }
    };
    match options.get("evaluations_semantic") {
        None => Semantic::All,
        Some(Value::String(name)) if name == "execute_all" => Semantic::All,
        Some(Value::String(name)) if name == "deny_on_first_deny" => Semantic::UntilDenied,
        Some(Value::String(name)) if name == "permit_on_first_permit" => Semantic::UntilPermitted,
        Some(_) => {
            let why = "must be `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`";
            faults.push(malformed("options.evaluations_semantic", why));
            Semantic::All
        }
    }
}

fn evaluation(given: &Object, defaults: Option<&Object>) -> Result<Evaluation, Violations> {
    let mut reader = Reader { given, defaults, faults: Violations::new() };
    let subject = reader.part("subject");
    let action = reader.part("action");
    let resource = reader.part("resource");
    let context = reader.context();
    let (kind, id) = (reader.name(subject, "type"), reader.name(subject, "id"));
    let action_name = reader.name(action, "name");
    let (resource_type, resource_id) = (reader.name(resource, "type"), reader.name(resource, "id"));
    let [of_subject, of_action, of_resource] = [subject, action, resource].map(|part| reader.properties(part));
    let (Some(kind), Some(id), Some(action_name), Some(resource_type), Some(resource_id), []) =
        (kind, id, action_name, resource_type, resource_id, &reader.faults[..])
    else {
        return Err(reader.faults);
    };
    // Of what this gateway decides nothing about, nothing more is asked.
    if kind != ORGANIZATION && kind != USER {
        reader.unknown("subject.type", "no subjects of this type: give `organization` or `user`");
    }
    if resource_type != REGISTER {
        reader.unknown("resource.type", "no resources of this type: give `register`");
    }
    let operation = Operation::ALL.iter().find(|(_, code, _)| code.to_ascii_lowercase() == action_name);
    if operation.is_none() {
        reader
            .unknown("action.name", &format!("no action of this name: give {}", codes::<Operation>(str::to_lowercase)));
    }
    let (Some((operation, ..)), []) = (operation, &reader.faults[..]) else { return Err(reader.faults) };
    let is_of_user = kind == USER;
    let recipient =
        if is_of_user { reader.text_if(of_subject, "subject.properties", "organization") } else { Some(id.to_owned()) };
    let end_user = reader.text_if(context, "context", "endUser");
    if is_of_user && end_user.is_some() {
        reader.malformed("context.endUser", "is the subject, which is a user");
    }
    let end_user = if is_of_user { Some(id.to_owned()) } else { end_user };
    let purpose = reader.text(of_action, "action.properties", "purpose");
    let channel = reader.text(of_action, "action.properties", "channel");
    let channel = channel.and_then(|code| reader.code::<Channel>("action.properties.channel", &code));
    let items = reader.texts(of_resource, "resource.properties", "items");
    if items.is_none() {
        reader.fault(FaultCode::Blank, "resource.properties.items", "is required");
    }
    let mandates = reader.texts(context, "context", "mandates").unwrap_or_default();
    let case_reference = reader.text_if(context, "context", "caseReference");
    let subject_count = reader.whole(context, "context", "subjectCount").unwrap_or(1);
    let onward_to = reader.text_if(context, "context", "onwardTo");
    let onward_to = onward_to.and_then(|code| reader.code::<OnwardRecipientKind>("context.onwardTo", &code));
    let agreement = reader.text_if(context, "context", "agreement");
    let at = reader.text_if(context, "context", "at");
    let (Some(purpose), Some(channel), Some(items), []) = (purpose, channel, items, &reader.faults[..]) else {
        return Err(reader.faults);
    };
    let question = QuestionInput {
        recipient,
        register: resource_id.to_owned(),
        items,
        purpose,
        channel,
        operation: *operation,
        mandates,
        end_user,
        case_reference,
        subject_count,
        onward_to,
        agreement,
        at,
    };
    Ok(Evaluation { question, is_of_user })
}

/// One of the parts that identify something: as the evaluation gives it, and its default.
#[derive(Clone, Copy)]
struct Part<'a> {
    name: &'static str,
    own: Option<&'a Object>,
    default: Option<&'a Object>,
}

/// Reads one evaluation and keeps every fault.
struct Reader<'a> {
    given: &'a Object,
    defaults: Option<&'a Object>,
    faults: Violations,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, code: FaultCode, place: &str, why: &str) {
        self.faults.push(Fault::new(code, place, why));
    }

    fn malformed(&mut self, place: &str, why: &str) {
        self.faults.push(malformed(place, why));
    }

    fn unknown(&mut self, place: &str, why: &str) {
        self.fault(FaultCode::NotFound, place, why);
    }

    /// A part, which takes the place of its default whole but for the names that identify what it is.
    fn part(&mut self, name: &'static str) -> Part<'a> {
        let (own, default) = (self.object(self.given, name), self.defaults.and_then(|defaults| object(defaults, name)));
        if own.is_none() && default.is_none() && !self.given.contains_key(name) {
            self.fault(FaultCode::Blank, name, "is required");
        }
        Part { name, own, default }
    }

    fn context(&mut self) -> Option<&'a Object> {
        let default = self.defaults.and_then(|defaults| object(defaults, "context"));
        if self.given.contains_key("context") { self.object(self.given, "context") } else { default }
    }

    fn object(&mut self, within: &'a Object, name: &str) -> Option<&'a Object> {
        let found = object(within, name);
        if found.is_none() && within.contains_key(name) {
            self.malformed(name, "must be an object");
        }
        found
    }

    /// Name that identifies what a part is.
    fn name(&mut self, part: Part<'a>, name: &str) -> Option<&'a str> {
        let Part { own, default, name: of } = part;
        own.or(default)?;
        let found = own.and_then(|own| own.get(name)).or_else(|| default.and_then(|default| default.get(name)));
        let place = format!("{of}.{name}");
        match found {
            Some(Value::String(text)) if !text.is_empty() => return Some(text),
            Some(Value::String(_)) | None => self.fault(FaultCode::Blank, &place, "is required"),
            Some(_) => self.malformed(&place, "must be a text"),
        }
        None
    }

    fn properties(&mut self, part: Part<'a>) -> Option<&'a Object> {
        let of = part.own.or(part.default)?;
        let found = object(of, "properties");
        if found.is_none() && of.contains_key("properties") {
            self.malformed(&format!("{}.properties", part.name), "must be an object");
        }
        found
    }

    fn text(&mut self, within: Option<&Object>, place: &str, name: &str) -> Option<String> {
        if within.is_none_or(|within| !within.contains_key(name)) {
            self.fault(FaultCode::Blank, &format!("{place}.{name}"), "is required");
        }
        self.text_if(within, place, name)
    }

    fn text_if(&mut self, within: Option<&Object>, place: &str, name: &str) -> Option<String> {
        match within?.get(name)? {
            Value::String(text) => return Some(text.clone()),
            _ => self.malformed(&format!("{place}.{name}"), "must be a text"),
        }
        None
    }

    fn texts(&mut self, within: Option<&Object>, place: &str, name: &str) -> Option<Vec<String>> {
        let place = format!("{place}.{name}");
        let Value::List(given) = within?.get(name)? else {
            self.malformed(&place, "must be a list of texts");
            return Some(Vec::new());
        };
        let mut texts = Vec::with_capacity(given.len());
        for (index, value) in given.iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text.clone()),
                _ => self.malformed(&format!("{place}.{index}"), "must be a text"),
            }
        }
        Some(texts)
    }

    fn whole(&mut self, within: Option<&Object>, place: &str, name: &str) -> Option<i64> {
        match within?.get(name)? {
            Value::Number(number) if number.is_i64() => return number.as_i64(),
            _ => self.malformed(&format!("{place}.{name}"), "must be a whole number"),
        }
        None
    }

    fn code<E: ClosedEnum>(&mut self, place: &str, code: &str) -> Option<E> {
        let found = E::from_code(code);
        if found.is_none() {
            self.malformed(place, &format!("must be {}", codes::<E>(str::to_owned)));
        }
        found
    }
}

fn object<'a>(within: &'a Object, name: &str) -> Option<&'a Object> {
    match within.get(name)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn malformed(place: &str, why: &str) -> Fault {
    Fault::new(FaultCode::Malformed, place, why)
}
