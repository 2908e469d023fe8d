//! Shapes of the schema's inputs, read from its SDL: what variables and literals must look like.
//!
//! The engine alone is not enough: with fast validation it ignores a member it does not know, and even with strict
//! validation it does so beside an omitted variable. A misspelt `validateOnly` must be refused, not ignored.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::{
        parse_schema,
        types::{
            BaseType, Directive, ExecutableDocument, Field, FieldDefinition, InputObjectType, InputValueDefinition,
            OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeKind, TypeSystemDefinition,
        },
    },
};

use crate::{Error, Fault, FaultCode, Violations};

/// Faults told of one request at most; the rest would only repeat them.
const FAULTS_MAX: usize = 100;
/// Fields and arguments of one document that its types do not have. For each the engine looks through all they do have.
const UNKNOWN_MAX: usize = 20;
/// Field that every type has.
const TYPENAME: &str = "__typename";
/// Characters of an unknown name that are told.
const NAME_CHARACTERS_MAX: usize = 60;

/// Inputs, fields and arguments of a schema.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    inputs: HashMap<Name, Input>,
    enums: HashMap<Name, HashSet<Name>>,
    fields: HashMap<Name, HashMap<Name, Asked>>,
    paged: HashSet<Name>,
    roots: [Option<Name>; 3],
}

#[derive(Debug)]
struct Input {
    members: HashMap<Name, Member>,
    is_one_of: bool,
}

#[derive(Debug)]
struct Member {
    shape: Type,
    is_required: bool,
}

#[derive(Debug)]
struct Asked {
    answer: Name,
    arguments: HashMap<Name, Type>,
}

impl Shapes {
    /// Shapes of an SDL.
    pub(super) fn of(sdl: &str) -> Result<Self, Error> {
        let document =
            parse_schema(sdl).map_err(|fault| Error::internal(format!("the SDL does not parse: {fault}")))?;
        let mut shapes = Self::default();
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let schema = schema.node;
                    shapes.roots = [schema.query, schema.mutation, schema.subscription].map(|name| Some(name?.node));
                }
                TypeSystemDefinition::Type(definition) => {
                    let is_one_of = definition.node.directives.iter().any(|found| found.node.name.node == "oneOf");
                    shapes.learn(definition.node.name.node, definition.node.kind, is_one_of);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(shapes)
    }

    fn learn(&mut self, name: Name, kind: TypeKind, is_one_of: bool) {
        match kind {
            TypeKind::Object(object) => self.learn_fields(name, object.fields),
            TypeKind::Interface(interface) => self.learn_fields(name, interface.fields),
            TypeKind::Enum(values) => {
                let values = values.values.into_iter().map(|value| value.node.value.node).collect();
                self.enums.insert(name, values);
            }
            TypeKind::InputObject(InputObjectType { fields }) => {
                let members = fields.into_iter().map(|field| member(field.node)).collect();
                self.inputs.insert(name, Input { members, is_one_of });
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }

    fn learn_fields(&mut self, name: Name, fields: Vec<Positioned<FieldDefinition>>) {
        let asked = fields.into_iter().map(|field| {
            let field = field.node;
            let arguments: HashMap<_, _> =
                field.arguments.into_iter().map(|argument| (argument.node.name.node, argument.node.ty.node)).collect();
            if arguments.contains_key("first") {
                self.paged.insert(field.name.node.clone());
            }
            (field.name.node, Asked { answer: named(&field.ty.node).clone(), arguments })
        });
        let asked = asked.collect();
        self.fields.insert(name, asked);
    }

    /// Whether some field of this name answers in pages.
    pub(super) fn is_paged(&self, field: &str) -> bool {
        self.paged.contains(field)
    }

    /// Faults of the variables given to an operation.
    pub(super) fn variables(&self, operation: &OperationDefinition, variables: &Variables) -> Violations {
        let mut check = Check { shapes: self, faults: Violations::new() };
        let root = Place { parent: None, segment: Segment::Name("variables") };
        for definition in &operation.variable_definitions {
            let (definition, name) = (&definition.node, &definition.node.name.node);
            let place = root.member(name);
            match variables.get(name) {
                Some(value) => check.value(&definition.var_type.node, value, &place),
                None if definition.var_type.node.nullable || definition.default_value.is_some() => {}
                None => check.fault(FaultCode::Blank, &place, "is required"),
            }
        }
        check.faults
    }

    /// Faults of the literals of a document: members that their inputs do not have.
    pub(super) fn literals(&self, document: &ExecutableDocument) -> Violations {
        let mut literals = Literals { shapes: self, faults: Violations::new(), unknown: 0 };
        for (_, operation) in document.operations.iter() {
            let [query, mutation, subscription] = &self.roots;
            let root = match operation.node.ty {
                OperationType::Query => query,
                OperationType::Mutation => mutation,
                OperationType::Subscription => subscription,
            };
            literals.set(root.as_ref(), &operation.node.selection_set.node);
        }
        for fragment in document.fragments.values() {
            let fragment = &fragment.node;
            literals.set(Some(&fragment.type_condition.node.on.node), &fragment.selection_set.node);
        }
        if literals.unknown > UNKNOWN_MAX {
            let why = format!("asks for more than {UNKNOWN_MAX} fields and arguments that are not there");
            literals.faults.push(Fault::new(FaultCode::Malformed, "query", why));
        }
        literals.faults
    }
}

fn member(field: InputValueDefinition) -> (Name, Member) {
    let is_required = !field.ty.node.nullable && field.default_value.is_none();
    (field.name.node, Member { shape: field.ty.node, is_required })
}

fn named(shape: &Type) -> &Name {
    match &shape.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// Walk over the literals of a document, in the types they stand in.
struct Literals<'a> {
    shapes: &'a Shapes,
    faults: Violations,
    unknown: usize,
}

impl Literals<'_> {
    /// Fields the schema does not have are left to the engine, which names them, while they are few.
    fn set(&mut self, on: Option<&Name>, set: &SelectionSet) {
        let known = on.and_then(|on| self.shapes.fields.get(on));
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.name.node == TYPENAME => self.typename(&field.node),
                Selection::Field(field) => {
                    let field = &field.node;
                    let asked = known.and_then(|known| known.get(&field.name.node));
                    let is_unknown = known.is_some() && asked.is_none() && !field.name.node.starts_with("__");
                    self.unknown += usize::from(is_unknown);
                    for (name, value) in &field.arguments {
                        let Some(asked) = asked else { continue };
                        let Some(shape) = asked.arguments.get(&name.node) else {
                            self.unknown += 1;
                            continue;
                        };
                        let Ok(value) = value.node.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Null));
                        self.literal(shape, &value, &Place { parent: None, segment: Segment::Name(&name.node) });
                    }
                    self.set(asked.map(|asked| &asked.answer), &field.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    self.set(condition.or(on), &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// The engine looks at nothing of this field but its name.
    fn typename(&mut self, field: &Field) {
        let is_condition = |directive: &Positioned<Directive>| {
            let Directive { name, arguments } = &directive.node;
            let [(argument, value)] = &arguments[..] else { return false };
            let Ok(value) = value.node.clone().into_const_with(|_| Ok::<_, Infallible>(Value::Boolean(true)));
            matches!(name.node.as_str(), "skip" | "include")
                && argument.node == "if"
                && matches!(value, Value::Boolean(_))
        };
        let fault = match () {
            () if !field.arguments.is_empty() => "takes no arguments",
            () if !field.selection_set.node.items.is_empty() => "has no fields",
            () if !field.directives.iter().all(is_condition) => "takes only `@skip(if:)` and `@include(if:)`",
            () => return,
        };
        let query = Place { parent: None, segment: Segment::Name("query") };
        push(&mut self.faults, FaultCode::Malformed, &query, format!("`{TYPENAME}` {fault}"));
    }

    fn literal(&mut self, shape: &Type, value: &Value, place: &Place<'_>) {
        match (&shape.base, value) {
            (BaseType::List(inner), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.literal(inner, value, &place.index(index));
                }
            }
            (BaseType::List(inner), value) => self.literal(inner, value, place),
            (BaseType::Named(name), Value::Object(object)) => {
                let Some(input) = self.shapes.inputs.get(name) else { return };
                for (key, value) in object {
                    match input.members.get(key) {
                        Some(member) => self.literal(&member.shape, value, &place.member(key)),
                        None => push(&mut self.faults, FaultCode::Malformed, place, unknown(name, key)),
                    }
                }
            }
            (BaseType::Named(_), _) => {}
        }
    }
}

/// Faults of values in the shapes they should have.
struct Check<'a> {
    shapes: &'a Shapes,
    faults: Violations,
}

impl Check<'_> {
    fn value(&mut self, shape: &Type, value: &Value, place: &Place<'_>) {
        match (&shape.base, value) {
            (_, Value::Null) if shape.nullable => {}
            (_, Value::Null) => self.fault(FaultCode::Blank, place, "must not be null"),
            (BaseType::List(inner), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    self.value(inner, value, &place.index(index));
                }
            }
            (BaseType::List(inner), value) => self.value(inner, value, place),
            (BaseType::Named(name), value) => self.named(name, value, place),
        }
    }

    fn named(&mut self, name: &Name, value: &Value, place: &Place<'_>) {
        if let Some(input) = self.shapes.inputs.get(name) {
            return self.object(name, input, value, place);
        }
        let fits = match name.as_str() {
            "Int" => {
                matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()))
            }
            "Float" => matches!(value, Value::Number(_)),
            "String" => matches!(value, Value::String(_)),
            "Boolean" => matches!(value, Value::Boolean(_)),
            "ID" => match value {
                Value::String(_) => true,
                Value::Number(number) => number.is_i64(),
                _ => false,
            },
            // Scalars of our own are texts, but for the long integer.
            "Long" => matches!(value, Value::Number(number) if number.is_i64()),
            _ => self.shapes.enums.get(name).map_or(matches!(value, Value::String(_)), |values| match value {
                Value::String(text) => values.contains(text.as_str()),
                Value::Enum(code) => values.contains(code),
                _ => false,
            }),
        };
        if !fits {
            self.fault(FaultCode::Malformed, place, format!("is no `{name}`"));
        }
    }

    fn object(&mut self, name: &Name, input: &Input, value: &Value, place: &Place<'_>) {
        let Value::Object(object) = value else {
            return self.fault(FaultCode::Malformed, place, format!("is no `{name}`"));
        };
        if input.is_one_of && (object.len() != 1 || object.values().any(|value| *value == Value::Null)) {
            self.fault(FaultCode::Malformed, place, format!("`{name}` takes exactly one member"));
        }
        for (key, value) in object {
            match input.members.get(key) {
                Some(member) => self.value(&member.shape, value, &place.member(key)),
                None => self.fault(FaultCode::Malformed, place, unknown(name, key)),
            }
        }
        for (key, member) in &input.members {
            if member.is_required && !object.contains_key(key) {
                self.fault(FaultCode::Blank, &place.member(key), "is required");
            }
        }
    }

    fn fault(&mut self, code: FaultCode, place: &Place<'_>, message: impl Into<String>) {
        push(&mut self.faults, code, place, message);
    }
}

fn push(faults: &mut Violations, code: FaultCode, place: &Place<'_>, message: impl Into<String>) {
    if faults.len() < FAULTS_MAX {
        let mut path = Vec::new();
        place.write(&mut path);
        faults.push(Fault { code, message: message.into(), path, citations: Vec::new() });
    }
}

fn unknown(input: &Name, member: &Name) -> String {
    let member: String = member.chars().take(NAME_CHARACTERS_MAX).collect();
    format!("`{input}` has no member `{member}`")
}

/// Place of a value, kept as borrowed parts until a fault needs it.
struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    segment: Segment<'a>,
}

enum Segment<'a> {
    Name(&'a str),
    Index(usize),
}

impl Place<'_> {
    fn member<'a>(&'a self, name: &'a Name) -> Place<'a> {
        Place { parent: Some(self), segment: Segment::Name(name) }
    }

    fn index(&self, index: usize) -> Place<'_> {
        Place { parent: Some(self), segment: Segment::Index(index) }
    }

    fn write(&self, path: &mut Vec<String>) {
        if let Some(parent) = self.parent {
            parent.write(path);
        }
        path.push(match self.segment {
            Segment::Name(name) => name.to_owned(),
            Segment::Index(index) => index.to_string(),
        });
    }
}
