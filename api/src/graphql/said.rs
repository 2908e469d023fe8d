//! Vocabulary as GraphQL enums: every closed code with the description the law or the house gives it.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, ServerResult,
    Value, indexmap::IndexMap, parser::types::Field, registry,
};
use entity::vocabulary::ClosedEnum;

/// Value of a vocabulary, said as a GraphQL enum of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said<T>(pub T);

impl<T: ClosedEnum> From<T> for Said<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: ClosedEnum> InputType for Said<T> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        registry.create_input_type::<Self, _>(registry::MetaTypeId::Enum, |_| described::<T, Self>())
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let found = match &value {
            Some(Value::Enum(code)) => T::from_code(code),
            Some(Value::String(code)) => T::from_code(code),
            _ => None,
        };
        found.map(Self).ok_or_else(|| InputValueError::custom("not one of its values"))
    }

    fn to_value(&self) -> Value {
        Value::Enum(Name::new(self.0.code()))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<T: ClosedEnum> OutputType for Said<T> {
    fn type_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        registry.create_output_type::<Self, _>(registry::MetaTypeId::Enum, |_| described::<T, Self>())
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(InputType::to_value(self))
    }
}

fn described<T: ClosedEnum, Rust>() -> registry::MetaType {
    enum_of::<Rust>(T::NAME, T::DESCRIPTION, T::ALL.iter().map(|(_, code, description)| (*code, *description)))
}

/// Enum whose values are all described.
pub(super) fn enum_of<Rust>(
    name: &str,
    description: &str,
    values: impl Iterator<Item = (&'static str, &'static str)>,
) -> registry::MetaType {
    let values = values.map(|(code, said)| {
        let mut value = registry::MetaEnumValue::new(code);
        value.description = Some(said.trim().to_owned());
        (code.to_owned(), value)
    });
    registry::EnumBuilder::new(name, values.collect::<IndexMap<_, _>>())
        .description(Some(description.trim().to_owned()))
        .rust_typename(std::any::type_name::<Rust>())
        .build()
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, InputObject, Object, Schema};
    use entity::vocabulary::{Channel, Language};

    use super::*;

    struct Query;

    #[derive(InputObject)]
    struct ChannelsInput {
        all: Vec<Said<Channel>>,
        #[graphql(default_with = "Said(Channel::Other)")]
        one: Said<Channel>,
    }

    #[Object]
    impl Query {
        async fn language(&self, language: Option<Said<Language>>) -> Option<Said<Language>> {
            language
        }

        async fn channels(&self, input: ChannelsInput) -> Vec<Said<Channel>> {
            let mut all = input.all;
            all.push(input.one);
            all
        }
    }

    fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
        Schema::new(Query, EmptyMutation, EmptySubscription)
    }

    #[tokio::test]
    async fn vocabulary_is_said_in_arguments_inputs_lists_and_answers() {
        let query = r"query($c: [Channel!]!) { language(language: SV) none: language channels(input: {all: $c}) }";
        let variables = Value::from_json(serde_json::json!({"c": ["VIEWING_CONNECTION"]})).unwrap();
        let request = async_graphql::Request::new(query).variables(async_graphql::Variables::from_value(variables));
        let response = schema().execute(request).await;
        assert_eq!(response.errors, []);
        let expected = r#"{"language":"SV","none":null,"channels":["VIEWING_CONNECTION","OTHER"]}"#;
        assert_eq!(serde_json::to_string(&response.data).unwrap(), expected);
    }

    #[tokio::test]
    async fn code_outside_the_vocabulary_is_refused() {
        assert!(schema().execute("{ language(language: DE) }").await.is_err());
    }

    #[test]
    fn every_value_is_described_in_the_schema() {
        let sdl = schema().sdl();
        for (_, code, description) in Channel::ALL {
            assert!(sdl.contains(description.trim()), "{description}");
            assert!(sdl.contains(&format!("\t{code}\n")), "{code}");
        }
    }
}
