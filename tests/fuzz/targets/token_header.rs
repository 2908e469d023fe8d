//! No token but one that the issuer signed is believed, and a refusal says nothing of the token.
#![no_main]

use std::sync::LazyLock;

use api::{
    auth::{AuthFault, Authenticator, Credentials},
    clock::Clock,
    config::{Config, Flags},
    keys::{Issuance, Keys},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
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

fuzz_target!(|given: (&str, &[u8], &[u8])| {
    let (text, header, claims) = given;
    refused(text);
    // As base64 of anything, so that what is read of JSON is reached and not only what is read of base64.
    refused(&format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)));
});

fn refused(token: &str) {
    let World { authenticator, runtime, .. } = &*WORLD;
    let Ok(value) = format!("Bearer {token}").parse() else { return };
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", value);
    let judged = |headers: &http::HeaderMap| {
        let credentials = Credentials { headers, peer: None };
        runtime.block_on(authenticator.authenticate(credentials, Clock::default().now()))
    };
    let fault = judged(&headers).expect_err("nobody signed it");
    let said = format!("{fault} {fault:?}");
    assert!(token.len() < 12 || !said.contains(token));
    headers.append("authorization", "Bearer x".parse().unwrap());
    assert_eq!(judged(&headers), Err(AuthFault::Header));
}
