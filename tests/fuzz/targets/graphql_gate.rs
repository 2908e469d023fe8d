//! Every document is admitted or refused, and what is admitted is admitted again with the same variables.
#![no_main]

use std::sync::LazyLock;

use api::graphql::{
    gate::{Gate, Limits},
    schema::sdl,
};
use async_graphql::Variables;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    bytes: 131_072,
    tokens: 2_000,
    nesting: 32,
    depth: 12,
    fields: 500,
    aliases: 30,
    root_fields: 20,
    complexity: 20_000,
    page_size: 100,
};

static GATE: LazyLock<Gate> = LazyLock::new(|| Gate::new(LIMITS, &sdl()).unwrap());

fuzz_target!(|given: (&str, Option<&str>, &str)| {
    let (document, operation, variables) = given;
    let variables = serde_json::from_str(variables).map(Variables::from_json).unwrap_or_default();
    if let Ok(admitted) = GATE.admit(document, operation, &variables) {
        GATE.readmit(&admitted, &variables).unwrap();
    }
});
