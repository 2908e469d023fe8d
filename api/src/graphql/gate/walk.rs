//! Weight of a document with its fragments expanded: counted, not expanded, so that the cost follows the text.

use std::{collections::HashMap, convert::Infallible};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use super::{Limits, Shapes, exceeded, invalid};
use crate::{Error, graphql::connections::PAGE_SIZE_DEFAULT};

/// List fields of introspection whose nesting multiplies its answer.
const INTROSPECTION_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// How many of them may stand within one another; tools need one.
const INTROSPECTION_LISTS_MAX: u64 = 2;

/// Weight of a selection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    fields: u64,
    /// Fields of the operation itself.
    pub(super) root_fields: u64,
    aliases: u64,
    /// Fields it may answer, each page full.
    pub(super) complexity: u64,
    depth: u64,
    levels: u64,
    introspection_lists: u64,
    /// Whether it asks for the schema itself.
    pub(super) introspects: bool,
    /// Whether a variable sets the size of a page.
    pub(super) paged_by_variables: bool,
    /// Whether a variable stands inside a literal.
    pub(super) mixes_variables: bool,
}

impl Weight {
    /// Weight of two selections side by side.
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            aliases: self.aliases.saturating_add(other.aliases),
            complexity: self.complexity.saturating_add(other.complexity),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            introspects: self.introspects || other.introspects,
            paged_by_variables: self.paged_by_variables || other.paged_by_variables,
            mixes_variables: self.mixes_variables || other.mixes_variables,
        }
    }

    fn within(&self, limits: &Limits) -> Result<(), Error> {
        for (weight, limit, allowed) in [
            (self.fields, "QUERY_FIELDS_MAX", limits.fields),
            (self.depth, "QUERY_DEPTH_MAX", limits.depth),
            (self.aliases, "QUERY_ALIASES_MAX", limits.aliases),
            (self.root_fields, "QUERY_ROOT_FIELDS_MAX", limits.root_fields),
            (self.complexity, "QUERY_COMPLEXITY_MAX", limits.complexity),
        ] {
            if weight > allowed {
                return Err(exceeded(limit, allowed));
            }
        }
        Ok(())
    }
}

/// Argument that reads an earlier picture of the registry, and what a field with it weighs: making a picture may take a second.
const AS_OF: (&str, u64) = ("asOf", 1_000);

/// Field that supposes changes, and what it weighs: it decides thousands of questions.
const SIMULATE: (&str, u64) = ("simulate", 5_000);

/// Field that decides a disclosure again, and what it weighs: each may rest on another picture.
const REPLAY: (&str, u64) = ("replay", 50);

/// Weight of the chosen operation under its variables.
pub(super) fn weigh(
    document: &ExecutableDocument,
    chosen: &OperationDefinition,
    limits: &Limits,
    shapes: &Shapes,
    variables: &Variables,
) -> Result<Weight, Error> {
    let pages = Pages { definition: Some(chosen), variables: Some(variables) };
    let weight = Walk { document, limits, shapes, pages, fragments: HashMap::new() }.set(&chosen.selection_set, 1)?;
    weight.within(limits)?;
    Ok(weight)
}

/// Weighs what is not chosen too, since the engine validates it: every other operation, and fragments nobody uses.
pub(super) fn weigh_rest(
    document: &ExecutableDocument,
    chosen: Option<&Name>,
    weight: Weight,
    limits: &Limits,
    shapes: &Shapes,
) -> Result<(), Error> {
    let pages = Pages { definition: None, variables: None };
    let mut walk = Walk { document, limits, shapes, pages, fragments: HashMap::new() };
    let mut total = weight;
    for (_, operation) in document.operations.iter().filter(|(name, _)| *name != chosen) {
        let other = walk.set(&operation.node.selection_set, 1)?;
        other.within(limits)?;
        total = total.beside(Weight { root_fields: 0, complexity: 0, ..other });
    }
    for name in document.fragments.keys() {
        walk.fragment(name, 0)?;
    }
    total.within(limits)
}

/// What a field weighs by itself: one, but for what is reckoned anew for whoever asks.
fn own_complexity(field: &Field) -> u64 {
    let is_elsewhere = field.arguments.iter().any(|(name, _)| name.node == AS_OF.0);
    match field.name.node.as_str() {
        name if name == SIMULATE.0 => SIMULATE.1,
        name if name == REPLAY.0 => REPLAY.1,
        _ if is_elsewhere => AS_OF.1,
        _ => 1,
    }
}

/// Whether an argument of a field is a literal with a variable inside; a variable alone is none.
fn mixes_variables(field: &Field) -> bool {
    field.arguments.iter().any(|(_, value)| {
        let mut varies = false;
        let Ok(value) = value.node.clone().into_const_with(|_| {
            varies = true;
            Ok::<_, Infallible>(Value::Null)
        });
        varies && value != Value::Null
    })
}

/// Where the sizes of pages come from.
struct Pages<'a> {
    definition: Option<&'a OperationDefinition>,
    variables: Option<&'a Variables>,
}

impl Pages<'_> {
    fn variable(&self, name: &Name) -> Option<&Value> {
        let given = self.variables.and_then(|variables| variables.get(name));
        given.or_else(|| {
            let mut definitions = self.definition?.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == *name)?;
            definition.node.default_value.as_ref().map(|value| &value.node)
        })
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    shapes: &'a Shapes,
    pages: Pages<'a>,
    /// Fragments weighed; none while one is being weighed, so that a cycle is seen.
    fragments: HashMap<&'a str, Option<Weight>>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a Positioned<SelectionSet>, level: u64) -> Result<Weight, Error> {
        self.level(level)?;
        let mut total = Weight::default();
        for selection in &set.node.items {
            let weight = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, level)?,
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set, level + 1)?,
            };
            total = total.beside(weight);
        }
        Ok(Weight { levels: total.levels + 1, ..total })
    }

    fn field(&mut self, field: &'a Field, level: u64) -> Result<Weight, Error> {
        let name = field.name.node.as_str();
        let (page, paged_by_variables) = self.page(field)?;
        let below = if field.selection_set.node.items.is_empty() {
            Weight::default()
        } else {
            self.set(&field.selection_set, level + 1)?
        };
        let introspects = matches!(name, "__schema" | "__type");
        if introspects && below.introspection_lists > INTROSPECTION_LISTS_MAX {
            return Err(exceeded("INTROSPECTION_LISTS_MAX", INTROSPECTION_LISTS_MAX));
        }
        Ok(Weight {
            fields: below.fields.saturating_add(1),
            root_fields: 1,
            aliases: below.aliases.saturating_add(u64::from(field.alias.is_some())),
            complexity: below.complexity.saturating_mul(page).saturating_add(own_complexity(field)),
            depth: if introspects { 1 } else { below.depth + 1 },
            levels: below.levels,
            introspection_lists: below.introspection_lists + u64::from(INTROSPECTION_LISTS.contains(&name)),
            introspects: introspects || below.introspects,
            paged_by_variables: paged_by_variables || below.paged_by_variables,
            mixes_variables: below.mixes_variables || mixes_variables(field),
        })
    }

    fn fragment(&mut self, name: &'a Name, level: u64) -> Result<Weight, Error> {
        match self.fragments.get(name.as_str()) {
            Some(Some(weight)) => {
                self.level(level + weight.levels)?;
                return Ok(*weight);
            }
            Some(None) => return Err(invalid("query", format!("fragment `{name}` spreads itself"))),
            None => {}
        }
        let fragment = self.document.fragments.get(name);
        let fragment = fragment.ok_or_else(|| invalid("query", format!("no fragment `{name}`")))?;
        self.fragments.insert(name, None);
        let weight = self.set(&fragment.node.selection_set, level + 1)?;
        self.fragments.insert(name, Some(weight));
        Ok(weight)
    }

    /// Entries of the field's page, and whether a variable says so.
    fn page(&self, field: &Field) -> Result<(u64, bool), Error> {
        let (mut page, mut by_variable) = (None, false);
        for (_, value) in field.arguments.iter().filter(|(name, _)| matches!(name.node.as_str(), "first" | "last")) {
            let asked = value.node.clone().into_const_with(|variable| {
                by_variable = true;
                self.pages.variable(&variable).cloned().ok_or(())
            });
            if let Ok(Value::Number(number)) = asked {
                page = page.max(Some(number.as_u64().unwrap_or(1)));
            }
        }
        let is_paged = self.shapes.is_paged(field.name.node.as_str());
        let unsaid = if is_paged { u64::from(PAGE_SIZE_DEFAULT).min(self.limits.page_size) } else { 1 };
        let page = page.unwrap_or(unsaid);
        if page > self.limits.page_size {
            return Err(exceeded("PAGE_SIZE_MAX", self.limits.page_size));
        }
        Ok((page, by_variable))
    }

    fn level(&self, level: u64) -> Result<(), Error> {
        let allowed = self.limits.nesting;
        if level > allowed { Err(exceeded("QUERY_NESTING_MAX", allowed)) } else { Ok(()) }
    }
}
