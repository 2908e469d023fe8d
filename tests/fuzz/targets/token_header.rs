//! No token but one that the issuer signed is believed, and a refusal says nothing of the token.
#![no_main]

use std::sync::LazyLock;

use api::{
    auth::{Authenticator, bearer},
    clock::Clock,
    config::{Config, Flags},
    keys::{Issuance, Keys},
};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

struct World {
    authenticator: Authenticator,
    runtime: Runtime,
    _directory: tempfile::TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    let keys = Keys::create(directory.path(), Issuance::Development).unwrap();
    let config = Config::load(&Flags::default(), |_| None).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let authenticator = runtime.block_on(Authenticator::start(&config, &keys, Clock::default().now())).unwrap();
    World { authenticator, runtime, _directory: directory }
});

fuzz_target!(|token: &str| {
    let World { authenticator, runtime, .. } = &*WORLD;
    let refused = runtime.block_on(authenticator.verify(token, Clock::default().now())).expect_err("nobody signed it");
    let said = format!("{refused} {refused:?}");
    assert!(token.len() < 12 || !said.contains(token));
    let mut headers = axum_headers(token);
    drop(bearer(&headers));
    headers.append("authorization", "Bearer x".parse().unwrap());
    assert!(headers.len() < 2 || bearer(&headers).is_err());
});

fn axum_headers(token: &str) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = format!("Bearer {token}").parse() {
        headers.insert("authorization", value);
    }
    headers
}
