//! What a document may ask, decided before the engine sees it.
//!
//! The engine walks fragment spreads again at each use and compares its limits last, so a few hundred bytes could keep
//! it busy for minutes. Here tokens are counted on the raw text and every fragment is weighed once; what passes is
//! cheap to validate. Personal identity codes stand only in variables, which nobody keeps.

mod shapes;
mod tokens;
mod walk;

use async_graphql::{
    Name, Variables,
    parser::{
        self, parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};
use entity::vocabulary::contains_personal_identity_code;

use super::effort::Effort;
use crate::{Error, Fault, FaultCode, journal::leaf::sha256};
use shapes::Shapes;

/// Most that a document may ask. Each has the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `QUERY_BYTES_MAX`: bytes of the text.
    pub bytes: u64,
    /// `QUERY_TOKENS_MAX`: tokens of the text.
    pub tokens: u64,
    /// `QUERY_NESTING_MAX`: brackets within brackets, and selections within selections with fragments expanded. Not
    /// above 32, the engine's own limit.
    pub nesting: u64,
    /// `QUERY_DEPTH_MAX`: fields within fields; introspection is exempt.
    pub depth: u64,
    /// `QUERY_FIELDS_MAX`: fields of all operations with fragments expanded.
    pub fields: u64,
    /// `QUERY_ALIASES_MAX`: aliases of all operations with fragments expanded.
    pub aliases: u64,
    /// `QUERY_ROOT_FIELDS_MAX`: root fields of an operation.
    pub root_fields: u64,
    /// `QUERY_COMPLEXITY_MAX`: fields an operation may answer, each page full.
    pub complexity: u64,
    /// `PAGE_SIZE_MAX`: entries of one page.
    pub page_size: u64,
}

/// Document within every limit, and what a door must know of its chosen operation.
#[derive(Debug)]
pub struct Admitted {
    /// Document as parsed.
    pub document: ExecutableDocument,
    /// Name of the chosen operation; null for an anonymous one.
    pub operation: Option<Name>,
    /// Whether it reads, writes or subscribes.
    pub kind: OperationType,
    /// Whether it asks for the schema itself.
    pub introspects: bool,
    /// Whether an argument is a literal with variables inside: then only the engine's full validation sees the whole value.
    pub mixes_variables: bool,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
    /// Fields it may answer under the variables it was admitted with, each page full.
    pub complexity: u64,
    /// Experience with its answers.
    pub(super) effort: Effort,
    /// Whether its weight depends on variables, so that each request must be weighed anew.
    paged_by_variables: bool,
}

impl Admitted {
    fn chosen(&self) -> Option<&OperationDefinition> {
        match (&self.document.operations, &self.operation) {
            (DocumentOperations::Single(operation), _) => Some(&operation.node),
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|found| &found.node),
            (DocumentOperations::Multiple(_), None) => None,
        }
    }
}

/// Judge of documents against limits and the shapes of one schema.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    shapes: Shapes,
}

impl Gate {
    /// Gate of a schema, given as SDL.
    ///
    /// # Errors
    /// Internal when the SDL is not one.
    pub fn new(limits: Limits, sdl: &str) -> Result<Self, Error> {
        Ok(Self { limits, shapes: Shapes::of(sdl)? })
    }

    /// Reads a text seen for the first time.
    ///
    /// # Errors
    /// Limit exceeded, naming the limit; invalid when it is no document, the operation cannot be told, variables do not
    /// fit, or the text holds a personal identity code.
    pub fn admit(&self, text: &str, operation_name: Option<&str>, variables: &Variables) -> Result<Admitted, Error> {
        let document = self.read(text)?;
        let (operation, chosen) = choose(&document.operations, operation_name)?;
        let kind = chosen.ty;
        let weight = self.weighed(&document, operation.as_ref(), chosen, variables)?;
        refuse(self.shapes.variables(chosen, variables))?;
        Ok(Admitted {
            document,
            operation,
            kind,
            introspects: weight.introspects,
            mixes_variables: weight.mixes_variables,
            hash: sha256(&[text.as_bytes()]),
            complexity: weight.complexity,
            effort: Effort::default(),
            paged_by_variables: weight.paged_by_variables,
        })
    }

    /// Reads a document of one operation that nobody asks with yet: its variables are judged when somebody does.
    ///
    /// # Errors
    /// As of a text seen for the first time; invalid when it has several operations.
    pub fn judge(&self, text: &str) -> Result<ExecutableDocument, Error> {
        let document = self.read(text)?;
        let mut operations = document.operations.iter();
        let (Some((name, chosen)), None) = (operations.next(), operations.next()) else {
            return Err(invalid("query", "a trusted document has one operation"));
        };
        self.weighed(&document, name, &chosen.node, &Variables::default())?;
        Ok(document)
    }

    /// Document of a text that is within the limits of its length.
    fn read(&self, text: &str) -> Result<ExecutableDocument, Error> {
        if text.len() as u64 > self.limits.bytes {
            return Err(exceeded("QUERY_BYTES_MAX", self.limits.bytes));
        }
        tokens::within(text, &self.limits)?;
        if holds_code(text) {
            return Err(invalid("query", "personal identity codes are accepted only as variables"));
        }
        if text.contains("\\u0000") {
            return Err(invalid("query", "holds a NUL character"));
        }
        parse_query(text).map_err(|fault| syntax(&fault))
    }

    /// Weight of a document whose operations and literals are all within bounds.
    fn weighed(
        &self,
        document: &ExecutableDocument,
        name: Option<&Name>,
        chosen: &OperationDefinition,
        variables: &Variables,
    ) -> Result<walk::Weight, Error> {
        let weight = walk::weigh(document, chosen, &self.limits, &self.shapes, variables)?;
        if chosen.ty == OperationType::Subscription && weight.root_fields != 1 {
            return Err(invalid("query", "a subscription has one root field"));
        }
        walk::weigh_rest(document, name, weight, &self.limits, &self.shapes)?;
        refuse(self.shapes.literals(document))?;
        Ok(weight)
    }

    /// Reads the variables of a document admitted before: its complexity under them.
    ///
    /// # Errors
    /// As at first sight, where it depends on variables.
    pub fn readmit(&self, admitted: &Admitted, variables: &Variables) -> Result<u64, Error> {
        let chosen = admitted.chosen().ok_or_else(|| Error::internal("an admitted document lost its operation"))?;
        let complexity = if admitted.paged_by_variables {
            walk::weigh(&admitted.document, chosen, &self.limits, &self.shapes, variables)?.complexity
        } else {
            admitted.complexity
        };
        refuse(self.shapes.variables(chosen, variables))?;
        Ok(complexity)
    }
}

fn choose<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Result<(Option<Name>, &'a OperationDefinition), Error> {
    match (operations, name.filter(|name| !name.is_empty())) {
        (DocumentOperations::Single(operation), None) => Ok((None, &operation.node)),
        (DocumentOperations::Single(_), Some(_)) => Err(invalid("operationName", "no operation of this name")),
        (DocumentOperations::Multiple(named), Some(name)) => named
            .get_key_value(name)
            .map(|(name, operation)| (Some(name.clone()), &operation.node))
            .ok_or_else(|| invalid("operationName", "no operation of this name")),
        (DocumentOperations::Multiple(named), None) => {
            let mut all = named.iter();
            match (all.next(), all.next()) {
                (Some((name, operation)), None) => Ok((Some(name.clone()), &operation.node)),
                _ => Err(invalid("operationName", "needed, for the document has several operations")),
            }
        }
    }
}

/// Whether a code stands in the text, as written or behind escapes of its characters.
fn holds_code(text: &str) -> bool {
    contains_personal_identity_code(text) || (text.contains("\\u") && contains_personal_identity_code(&unescaped(text)))
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = part.split_at_checked(4);
        let read =
            escape.and_then(|(digits, rest)| Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest)));
        match read {
            Some((character, rest)) => {
                plain.push(character);
                plain.push_str(rest);
            }
            None => plain.push_str(part),
        }
    }
    plain
}

/// What the parser expected and where; never the line itself, which may hold anything.
fn syntax(fault: &parser::Error) -> Error {
    let at = fault.positions().next().map(|at| format!(" at line {}, column {}", at.line, at.column));
    let said = fault.to_string();
    let why = match fault {
        parser::Error::Syntax { .. } => said.rsplit_once("= ").map_or("malformed", |(_, expected)| expected),
        _ => &said,
    };
    invalid("query", format!("syntax error{}: {why}", at.unwrap_or_default()))
}

fn invalid(path: &str, message: impl Into<String>) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, message)])
}

fn refuse(faults: Vec<Fault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn exceeded(limit: &'static str, allowed: u64) -> Error {
    Error::LimitExceeded { limit, allowed, retry_after_seconds: None }
}

#[cfg(test)]
pub(super) mod tests;
