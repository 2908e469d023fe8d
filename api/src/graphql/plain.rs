//! Objects whose fields are all at hand: answered one after another, without a future of its own for each field.
//!
//! The engine asks the fields of an object side by side, each in a box. That pays where fields wait for the database; nearly all
//! of the registry never wait, and an answer has hundreds of them. What an object says, and how its errors are placed, is the
//! same; a field that does wait, as an agreement's `changes`, is waited for before the next, also those of a page's entries.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
    indexmap::{IndexMap, map::Entry},
    parser::types::{Field, Selection},
    registry::Registry,
};
use futures::future::BoxFuture;

/// Object whose fields are at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain<T>(pub T);

/// List of such objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainList<T>(pub Vec<T>);

impl<T: ObjectType> OutputType for Plain<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        said(&self.0, ctx).await
    }
}

impl<T: ObjectType> OutputType for PlainList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let mut entries = Vec::with_capacity(self.0.len());
        for (index, entry) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            entries.push(said(entry, &ctx).await.map_err(|error| ctx.set_error_path(error))?);
        }
        Ok(Value::List(entries))
    }
}

async fn said<T: ObjectType>(object: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    let mut fields = IndexMap::with_capacity(ctx.item.node.items.len());
    gather(object, ctx, &mut fields).await?;
    Ok(Value::Object(fields))
}

/// Adds the fields of one selection. The engine has taken out what is skipped and has made sure that each fragment may stand
/// where it does: below an object all of them are about it.
fn gather<'a, T: ObjectType>(
    object: &'a T,
    ctx: &'a ContextSelectionSet<'_>,
    fields: &'a mut IndexMap<Name, Value>,
) -> BoxFuture<'a, ServerResult<()>> {
    Box::pin(async move {
        for selection in &ctx.item.node.items {
            let fragment = match &selection.node {
                Selection::Field(field) => {
                    let name = &field.node.response_key().node;
                    let value = if field.node.name.node == "__typename" {
                        Value::String(object.introspection_type_name().into_owned())
                    } else {
                        object.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default()
                    };
                    merge(fields, name.clone(), value);
                    continue;
                }
                Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set),
                Selection::FragmentSpread(spread) => {
                    let known = ctx.query_env.fragments.get(&spread.node.fragment_name.node);
                    known.map(|fragment| &fragment.node.selection_set)
                }
            };
            if let Some(selection) = fragment {
                gather(object, &ctx.with_selection_set(selection), fields).await?;
            }
        }
        Ok(())
    })
}

/// Puts a value under its name. Of a name that stands there already, as where two fragments ask parts of one object, the parts
/// are put together.
fn merge(fields: &mut IndexMap<Name, Value>, name: Name, value: Value) {
    let mut entry = match fields.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            return;
        }
        Entry::Occupied(entry) => entry,
    };
    match (entry.get_mut(), value) {
        (Value::Object(known), Value::Object(more)) => {
            more.into_iter().for_each(|(name, value)| merge(known, name, value));
        }
        (Value::List(known), Value::List(more)) => {
            for (known, more) in known.iter_mut().zip(more) {
                if let (Value::Object(known), Value::Object(more)) = (known, more) {
                    more.into_iter().for_each(|(name, value)| merge(known, name, value));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::{EmptyMutation, EmptySubscription, Interface, Object, Schema};

    use super::*;

    #[derive(Clone, Copy)]
    struct Row(i32);

    #[Object]
    impl Row {
        async fn id(&self) -> i32 {
            self.0
        }

        async fn next(&self) -> Option<Row> {
            tokio::task::yield_now().await;
            (self.0 < 3).then_some(Row(self.0 + 1))
        }

        async fn plain(&self) -> Plain<Row> {
            Plain(Row(self.0 + 1))
        }

        async fn fails(&self) -> async_graphql::Result<i32> {
            if self.0 == 2 { Err("two".into()) } else { Ok(self.0) }
        }

        async fn may_fail(&self) -> Option<async_graphql::Result<i32>> {
            Some(if self.0 == 2 { Err("two".into()) } else { Ok(self.0) })
        }
    }

    #[derive(Interface)]
    #[graphql(field(name = "id", ty = "i32"))]
    enum Numbered {
        Row(Row),
    }

    struct Query;

    #[Object]
    impl Query {
        async fn usual(&self) -> Vec<Row> {
            vec![Row(1), Row(2)]
        }

        async fn plain(&self) -> PlainList<Row> {
            PlainList(vec![Row(1), Row(2)])
        }

        async fn numbered(&self) -> Numbered {
            Row(1).into()
        }
    }

    #[tokio::test]
    async fn plain_objects_say_what_others_say_and_place_their_errors_alike() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        for below in [
            "id",
            "b: id a: id id",
            "__typename t: __typename",
            "id @skip(if: true) n: id @include(if: true)",
            "...F ... on Row { next { id } } ... { next { n: id next { id } } } ...on Numbered { i: id }",
            "plain { id next { ...F } } plain { x: id plain { __typename } } ...F",
            "id fails",
            "id mayFail next { fails id }",
            "plain { plain { mayFail fails } }",
        ] {
            let fragment = if below.contains("...F") { "fragment F on Row { id next { id } }" } else { "" };
            // What is said in its order; errors come in any.
            let ask = async |root: &str| {
                let answer = schema.execute(format!("{{ root: {root} {{ {below} }} }} {fragment}")).await;
                let placed = answer.errors.iter().map(|error| format!("{} {:?}", error.message, error.path));
                (answer.data.to_string(), placed.collect::<BTreeSet<_>>())
            };
            assert_eq!(ask("plain").await, ask("usual").await, "{below}");
        }
        assert!(schema.sdl().contains("plain: [Row!]!"));
    }
}
