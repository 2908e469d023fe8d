use aws_lc_rs::{
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use serde_json::{Value, json};

use super::*;
use crate::{
    Error,
    config::Flags,
    keys::{Issuance, Keys},
};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "gateway";

struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    fn es256(id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("pair");
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().expect("document").as_ref());
        Self { id, algorithm: Algorithm::ES256, key }
    }

    fn eddsa(id: &'static str) -> Self {
        let pair = Ed25519KeyPair::generate().expect("pair");
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().expect("document").as_ref());
        Self { id, algorithm: Algorithm::EdDSA, key }
    }

    fn rs256(id: &'static str) -> Self {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("pair");
        let document: Pkcs8V1Der<'_> = pair.as_der().expect("document");
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(document.as_ref())
        );
        Self { id, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_pem(pem.as_bytes()).expect("key") }
    }

    fn jwk(&self) -> Value {
        install_provider();
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("jwk");
        let mut jwk = serde_json::to_value(jwk).expect("json");
        jwk["kid"] = self.id.into();
        jwk
    }

    fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.id, "typ": "JWT" })
    }

    fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).expect("signature");
        format!("{message}.{signature}")
    }
}

/// Authenticator that believes one issuer by a file.
struct World {
    directory: tempfile::TempDir,
    authenticator: Authenticator,
    now: Instant,
}

impl World {
    async fn of(signers: &[&Signer]) -> Self {
        let directory = tempfile::tempdir().expect("directory");
        publish(&directory, signers);
        let issuers = json!([{ "issuer": ISSUER, "audience": AUDIENCE, "jwks_file": directory.path().join("jwks") }]);
        let config = Config::load(&Flags::default(), |name| (name == "ISSUERS").then(|| issuers.to_string()));
        let keys = Keys::create(&directory.path().join("data"), Issuance::Configured).expect("keys");
        let now = now();
        let authenticator = Authenticator::start(&config.expect("config"), &keys, now).await.expect("started");
        Self { directory, authenticator, now }
    }

    async fn refusal(&self, token: &str) -> AuthFault {
        self.authenticator.verify(token, self.now).await.expect_err("must be refused")
    }

    async fn accepted(&self, token: &str) -> Arc<Verified> {
        self.authenticator.verify(token, self.now).await.expect("must be accepted")
    }
}

fn publish(directory: &tempfile::TempDir, signers: &[&Signer]) {
    let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
    std::fs::write(directory.path().join("jwks"), json!({ "keys": keys }).to_string()).expect("written");
}

fn now() -> Instant {
    "2026-06-01T12:00:00Z".parse().expect("instant")
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "system-1", "exp": now().timestamp() + 300,
        "org": "0246246-0", "roles": ["system", "unheard-of"],
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().expect("object").remove(name);
    claims
}

#[tokio::test]
async fn token_of_each_algorithm_names_its_viewer() {
    let signers = [Signer::es256("es"), Signer::eddsa("ed"), Signer::rs256("rs")];
    let world = World::of(&signers.iter().collect::<Vec<_>>()).await;
    for signer in &signers {
        let verified = world.accepted(&signer.token(&claims())).await;
        assert_eq!(verified.viewer.subject.as_deref(), Some("system-1"));
        assert_eq!(verified.viewer.organisation, "0246246-0".parse().ok());
        assert_eq!(verified.viewer.roles, [Role::System]);
        assert_eq!(verified.expires_at, world.now + TimeDelta::seconds(300));
    }
}

#[tokio::test]
async fn algorithm_is_that_of_the_key_and_not_of_the_header() {
    let (es, rs) = (Signer::es256("es"), Signer::rs256("rs"));
    let world = World::of(&[&es, &rs]).await;
    let signed_by_rs_as_es = rs.sign(&json!({ "alg": "RS256", "kid": "es" }).to_string(), &claims().to_string());
    assert_eq!(world.refusal(&signed_by_rs_as_es).await, AuthFault::Algorithm);
    let named_es = rs.sign(&json!({ "alg": "ES256", "kid": "rs" }).to_string(), &claims().to_string());
    assert_eq!(world.refusal(&named_es).await, AuthFault::Algorithm);
}

#[tokio::test]
async fn unsigned_token_is_refused() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for algorithm in ["none", "None", "NONE"] {
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "kid": "es" }).to_string());
        let unsigned = format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims().to_string()));
        assert_eq!(world.refusal(&unsigned).await, AuthFault::Algorithm);
    }
}

#[tokio::test]
async fn public_key_is_no_shared_secret() {
    let rs = Signer::rs256("rs");
    let world = World::of(&[&rs]).await;
    for secret in [rs.jwk().to_string(), rs.jwk()["n"].as_str().expect("modulus").to_owned()] {
        let forger = Signer { id: "rs", algorithm: Algorithm::HS256, key: EncodingKey::from_secret(secret.as_bytes()) };
        assert_eq!(world.refusal(&forger.token(&claims())).await, AuthFault::Algorithm);
    }
}

#[tokio::test]
async fn signature_of_another_key_is_refused() {
    let (es, other) = (Signer::es256("es"), Signer::es256("es"));
    let world = World::of(&[&es]).await;
    assert_eq!(world.refusal(&other.token(&claims())).await, AuthFault::Signature);
    let token = es.token(&claims());
    let (message, signature) = token.rsplit_once('.').expect("signature");
    assert_eq!(world.refusal(&format!("{message}.")).await, AuthFault::Signature);
    assert_eq!(world.refusal(&format!("{message}.{}", &signature[..40])).await, AuthFault::Signature);
}

#[tokio::test]
async fn key_id_is_known_short_and_present() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for id in ["other", "../../etc/passwd", "es'; drop table disclosure; --", "https://attacker.example/jwks"] {
        let header = json!({ "alg": "ES256", "kid": id });
        assert_eq!(world.refusal(&es.sign(&header.to_string(), &claims().to_string())).await, AuthFault::UnknownKey);
    }
    for header in [
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "kid": "" }),
        json!({ "alg": "ES256", "kid": "k".repeat(65) }),
    ] {
        assert_eq!(world.refusal(&es.sign(&header.to_string(), &claims().to_string())).await, AuthFault::KeyId);
    }
}

#[tokio::test]
async fn token_that_brings_a_key_is_refused_whoever_signed_it() {
    let (es, attacker) = (Signer::es256("es"), Signer::es256("es"));
    let world = World::of(&[&es]).await;
    for signer in [&es, &attacker] {
        for (member, value) in [
            ("jwk", attacker.jwk()),
            ("jku", json!("https://attacker.example/jwks")),
            ("x5u", json!("https://attacker.example/chain")),
            ("x5c", json!(["MIIB"])),
            ("jwk", Value::Null),
        ] {
            let mut header = es.header();
            header[member] = value;
            let token = signer.sign(&header.to_string(), &claims().to_string());
            assert_eq!(world.refusal(&token).await, AuthFault::OwnKey, "{member}");
        }
    }
    let mut header = es.header();
    header["x5t"] = "b64".into();
    world.accepted(&es.sign(&header.to_string(), &claims().to_string())).await;
}

#[tokio::test]
async fn critical_extension_is_refused_whatever_its_value() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for critical in [json!(["exp"]), json!([]), json!(null), json!("b64")] {
        let mut header = es.header();
        header["crit"] = critical;
        assert_eq!(world.refusal(&es.sign(&header.to_string(), &claims().to_string())).await, AuthFault::Critical);
    }
}

#[tokio::test]
async fn token_of_another_type_is_refused() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for typ in ["JWT", "jwt", "at+jwt", "AT+JWT"] {
        let header = json!({ "alg": "ES256", "kid": "es", "typ": typ });
        world.accepted(&es.sign(&header.to_string(), &claims().to_string())).await;
    }
    world.accepted(&es.sign(r#"{"alg":"ES256","kid":"es"}"#, &claims().to_string())).await;
    for typ in ["dpop+jwt", "logout+jwt", "JOSE", ""] {
        let header = json!({ "alg": "ES256", "kid": "es", "typ": typ });
        assert_eq!(world.refusal(&es.sign(&header.to_string(), &claims().to_string())).await, AuthFault::Type);
    }
}

#[tokio::test]
async fn oversized_token_is_refused_before_it_is_read() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    let mut header = es.header();
    header["padding"] = "x".repeat(TOKEN_BYTES_MAX).into();
    assert_eq!(world.refusal(&es.sign(&header.to_string(), &claims().to_string())).await, AuthFault::TooLong);
    assert_eq!(world.refusal(&es.token(&with("padding", "x".repeat(TOKEN_BYTES_MAX)))).await, AuthFault::TooLong);
}

#[tokio::test]
async fn every_required_claim_is_required() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for claim in ["exp", "aud", "iss", "sub"] {
        assert_eq!(world.refusal(&es.token(&without(claim))).await, AuthFault::Claims, "{claim}");
        assert_eq!(world.refusal(&es.token(&with(claim, Value::Null))).await, AuthFault::Claims, "{claim}");
    }
}

#[tokio::test]
async fn time_that_is_no_time_is_refused() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for claim in ["exp", "nbf", "iat"] {
        for value in
            [json!("1790000000"), json!(1e300), json!(-1), json!(u64::MAX), json!(253_402_300_800_i64), json!([])]
        {
            assert_eq!(
                world.refusal(&es.token(&with(claim, value.clone()))).await,
                AuthFault::Claims,
                "{claim} {value}"
            );
        }
    }
    world.accepted(&es.token(&with("iat", 1.5))).await;
}

#[tokio::test]
async fn repeated_claim_is_refused() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for (claim, value) in
        [("exp", "4000000000"), ("sub", "\"x\""), ("org", "\"0245437-2\""), ("roles", "[]"), ("act", "{}")]
    {
        let mut claims = with("act", json!({})).to_string();
        claims.insert_str(1, &format!("\"{claim}\":{value},"));
        assert_eq!(world.refusal(&es.sign(&es.header().to_string(), &claims)).await, AuthFault::Claims, "{claim}");
    }
}

#[tokio::test]
async fn issuer_and_audience_are_exact() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    for issuer in ["https://issuer.example/", "https://ISSUER.example", ""] {
        assert_eq!(world.refusal(&es.token(&with("iss", issuer))).await, AuthFault::Issuer);
    }
    assert_eq!(world.refusal(&es.token(&with("iss", json!([ISSUER])))).await, AuthFault::Claims);
    for audience in [json!("other"), json!(["other", "gateway2"]), json!("gateway "), json!([])] {
        assert_eq!(world.refusal(&es.token(&with("aud", audience))).await, AuthFault::Audience);
    }
    world.accepted(&es.token(&with("aud", json!(["other", AUDIENCE])))).await;
}

#[tokio::test]
async fn times_hold_within_the_leeway_and_not_beyond() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    let at = |seconds: i64| now().timestamp() + seconds;
    world.accepted(&es.token(&with("exp", at(-29)))).await;
    assert_eq!(world.refusal(&es.token(&with("exp", at(-30)))).await, AuthFault::Expired);
    world.accepted(&es.token(&with("nbf", at(30)))).await;
    assert_eq!(world.refusal(&es.token(&with("nbf", at(31)))).await, AuthFault::NotYetValid);
    world.accepted(&es.token(&with("iat", at(30)))).await;
    assert_eq!(world.refusal(&es.token(&with("iat", at(31)))).await, AuthFault::IssuedInFuture);
}

#[tokio::test]
async fn subject_is_short_and_never_a_personal_identity_code() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    world.accepted(&es.token(&with("sub", "ä".repeat(200)))).await;
    for subject in
        [String::new(), "x".repeat(201), "131052-308T".to_owned(), "user 010594y9032".to_owned(), "a\nb".to_owned()]
    {
        assert_eq!(world.refusal(&es.token(&with("sub", subject))).await, AuthFault::Subject);
    }
}

#[tokio::test]
async fn organisation_is_a_business_id_and_needed_to_act_for_one() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    assert_eq!(world.refusal(&es.token(&with("org", "0246246-1"))).await, AuthFault::Organisation);
    for role in ["administrator", "officer", "system", "auditor"] {
        let mut claims = without("org");
        claims["roles"] = json!([role, "statistician"]);
        assert_eq!(world.refusal(&es.token(&claims)).await, AuthFault::Organisation);
    }
    for roles in [json!(["statistician"]), json!(["subject_service"]), json!(["unheard-of"]), json!([])] {
        let mut claims = without("org");
        claims["roles"] = roles;
        assert_eq!(world.accepted(&es.token(&claims)).await.viewer.organisation, None);
    }
    assert_eq!(world.refusal(&es.token(&with("roles", "system"))).await, AuthFault::Claims);
}

#[tokio::test]
async fn processor_acts_for_an_organisation_and_never_alone() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    let verified = world.accepted(&es.token(&with("act", json!({ "org": "0245437-2", "sub": "x" })))).await;
    assert_eq!(verified.viewer.processor, "0245437-2".parse().ok());
    assert_eq!(world.refusal(&es.token(&with("act", json!({ "org": "x" })))).await, AuthFault::Processor);
    let mut alone = without("org");
    (alone["roles"], alone["act"]) = (json!([]), json!({ "org": "0245437-2" }));
    assert_eq!(world.refusal(&es.token(&alone)).await, AuthFault::Processor);
}

#[tokio::test]
async fn malformed_token_is_refused() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    let token = es.token(&claims());
    for malformed in ["", ".", "..", "a.b.c", "ä.ö.å", &token[..20], &format!("{token}.x"), &token.replace('.', "")]
    {
        assert!(matches!(world.refusal(malformed).await, AuthFault::Malformed), "{malformed}");
    }
    assert_eq!(world.refusal(&es.sign(&es.header().to_string(), "not json")).await, AuthFault::Claims);
}

#[tokio::test]
async fn verified_token_is_remembered_until_its_end() {
    let es = Signer::es256("es");
    let world = World::of(&[&es]).await;
    let token = es.token(&claims());
    let first = world.accepted(&token).await;
    assert!(Arc::ptr_eq(&first, &world.accepted(&token).await));
    let within_leeway = world.authenticator.verify(&token, first.expires_at).await.expect("within the leeway");
    assert!(!Arc::ptr_eq(&first, &within_leeway));
    let late = first.expires_at + TimeDelta::seconds(30);
    assert_eq!(world.authenticator.verify(&token, late).await, Err(AuthFault::Expired));
}

#[tokio::test]
async fn remembered_token_falls_with_its_key() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let world = World::of(&[&old]).await;
    let token = old.token(&claims());
    let first = world.accepted(&token).await;
    publish(&world.directory, &[&old, &new]);
    let due = world.now + TimeDelta::seconds(31);
    world.authenticator.verify(&new.token(&claims()), due).await.expect("new key is found");
    assert!(Arc::ptr_eq(&first, &world.accepted(&token).await), "adding a key forgets nothing");
    publish(&world.directory, &[&new]);
    let unknown = Signer::es256("unknown").token(&claims());
    let due = due + TimeDelta::seconds(31);
    assert_eq!(world.authenticator.verify(&unknown, due).await, Err(AuthFault::UnknownKey));
    assert_eq!(world.refusal(&token).await, AuthFault::UnknownKey);
}

#[tokio::test]
async fn key_replaced_under_its_id_forgets_the_tokens_of_the_old_one() {
    let (old, new) = (Signer::es256("same"), Signer::es256("same"));
    let world = World::of(&[&old]).await;
    let token = old.token(&claims());
    world.accepted(&token).await;
    publish(&world.directory, &[&new]);
    let due = world.now + TimeDelta::seconds(31);
    let unknown = Signer::es256("unknown").token(&claims());
    assert_eq!(world.authenticator.verify(&unknown, due).await, Err(AuthFault::UnknownKey));
    assert_eq!(world.refusal(&token).await, AuthFault::Signature);
}

#[tokio::test]
async fn development_gateway_believes_its_own_tokens_and_no_others() {
    let directory = tempfile::tempdir().expect("directory");
    let keys = Keys::create(directory.path(), Issuance::Development).expect("keys");
    let config = Config::load(&Flags::default(), |_| None).expect("config");
    let authenticator = Authenticator::start(&config, &keys, now()).await.expect("started");
    let grant = Grant {
        organisation: "0246246-0".parse().expect("business id"),
        roles: vec![Role::Officer, Role::Auditor],
        subject: "officer-1".to_owned(),
        processor: "0245437-2".parse().ok(),
        time_to_live: std::time::Duration::from_hours(1),
    };
    let token = mint(keys.development().expect("key"), &grant, now()).expect("token");
    let verified = authenticator.verify(&token, now()).await.expect("accepted");
    assert_eq!(verified.viewer.organisation, Some(grant.organisation));
    assert_eq!(verified.viewer.processor, grant.processor);
    assert_eq!(verified.viewer.roles, grant.roles);
    assert_eq!(verified.expires_at, now() + TimeDelta::hours(1));
    let stranger = Signer::es256("es");
    assert_eq!(authenticator.verify(&stranger.token(&claims()), now()).await, Err(AuthFault::Issuer));
    let ours = stranger.token(&with("iss", DEVELOPMENT_ISSUER));
    assert_eq!(authenticator.verify(&ours, now()).await, Err(AuthFault::UnknownKey));
    assert!(jwks(keys.development().expect("key"))["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn two_issuers_may_choose_the_same_key_id_and_neither_speaks_for_the_other() {
    let (ours, theirs) = (Signer::es256("1"), Signer::es256("1"));
    let directory = tempfile::tempdir().expect("directory");
    let mut issuers = Vec::new();
    for (name, signer) in [("https://ours.example", &ours), ("https://theirs.example", &theirs)] {
        let file = directory.path().join(&name[8..]);
        std::fs::write(&file, json!({ "keys": [signer.jwk()] }).to_string()).expect("written");
        issuers.push(json!({ "issuer": name, "audience": AUDIENCE, "jwks_file": file }));
    }
    let issuers = Value::from(issuers).to_string();
    let config = Config::load(&Flags::default(), |name| (name == "ISSUERS").then(|| issuers.clone())).expect("config");
    let keys = Keys::create(&directory.path().join("data"), Issuance::Configured).expect("keys");
    let authenticator = Authenticator::start(&config, &keys, now()).await.expect("started");
    for (name, signer, other) in [("https://ours.example", &ours, &theirs), ("https://theirs.example", &theirs, &ours)]
    {
        authenticator.verify(&signer.token(&with("iss", name)), now()).await.expect("its own");
        let forged = authenticator.verify(&other.token(&with("iss", name)), now()).await;
        assert_eq!(forged, Err(AuthFault::Signature));
    }
}

/// Authenticator that believes one issuer by a file, with more said of it.
async fn with_settings(signer: &Signer, item: Value, settings: &[(&str, &str)]) -> (tempfile::TempDir, Authenticator) {
    let directory = tempfile::tempdir().expect("directory");
    publish(&directory, &[signer]);
    let mut issuer = json!({ "issuer": ISSUER, "audience": AUDIENCE, "jwks_file": directory.path().join("jwks") });
    issuer.as_object_mut().expect("object").extend(item.as_object().expect("object").clone());
    let issuers = json!([issuer]).to_string();
    let config = Config::load(&Flags::default(), |name| match name {
        "ISSUERS" => Some(issuers.clone()),
        _ => settings.iter().find(|(setting, _)| *setting == name).map(|(_, value)| (*value).to_owned()),
    });
    let keys = Keys::create(&directory.path().join("data"), Issuance::Configured).expect("keys");
    let authenticator = Authenticator::start(&config.expect("config"), &keys, now()).await.expect("started");
    (directory, authenticator)
}

#[tokio::test]
async fn one_of_several_audiences_suffices() {
    let es = Signer::es256("es");
    let (_directory, authenticator) = with_settings(&es, json!({ "audience": ["old", "new"] }), &[]).await;
    for audience in [json!("old"), json!("new"), json!(["x", "new"])] {
        authenticator.verify(&es.token(&with("aud", audience)), now()).await.expect("accepted");
    }
    let other = authenticator.verify(&es.token(&with("aud", AUDIENCE)), now()).await;
    assert_eq!(other, Err(AuthFault::Audience));
    let odd = authenticator.verify(&es.token(&with("aud", json!(["new", 1]))), now()).await;
    assert_eq!(odd, Err(AuthFault::Claims));
}

#[tokio::test]
async fn issuer_whose_types_are_narrowed_makes_no_others() {
    let es = Signer::es256("es");
    let (_directory, authenticator) = with_settings(&es, json!({ "token_types": "at+jwt" }), &[]).await;
    for (header, is_taken) in [
        (json!({ "alg": "ES256", "kid": "es", "typ": "at+jwt" }), true),
        (json!({ "alg": "ES256", "kid": "es", "typ": "application/at+JWT" }), true),
        (json!({ "alg": "ES256", "kid": "es", "typ": "JWT" }), false),
        (json!({ "alg": "ES256", "kid": "es" }), false),
    ] {
        let verified = authenticator.verify(&es.sign(&header.to_string(), &claims().to_string()), now()).await;
        assert_eq!(verified.err(), (!is_taken).then_some(AuthFault::Type), "{header}");
    }
}

#[tokio::test]
async fn bound_token_is_believed_only_with_its_certificate_also_when_it_is_remembered() {
    let es = Signer::es256("es");
    let settings = [("CLIENT_CERTIFICATE_HEADER", "client-cert"), ("TRUSTED_PROXIES", "10.0.0.5")];
    let (_directory, authenticator) = with_settings(&es, json!({}), &settings).await;
    let certificate = |bytes: &[u8]| format!(":{}:", base64::engine::general_purpose::STANDARD.encode(bytes));
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"mine");
    let bound = es.token(&with("cnf", json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(thumbprint) })));
    let free = es.token(&claims());
    let ask = async |token: &str, shown: Option<&[u8]>, peer: &str| {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().expect("value"));
        if let Some(bytes) = shown {
            headers.insert("client-cert", certificate(bytes).parse().expect("value"));
        }
        let credentials = Credentials { headers: &headers, peer: peer.parse().ok() };
        authenticator.authenticate(credentials, now()).await.map(|verified| verified.is_some())
    };
    for _ in 0..2 {
        assert_eq!(ask(&bound, Some(b"mine"), "10.0.0.5").await, Ok(true));
        assert_eq!(ask(&bound, Some(b"other"), "10.0.0.5").await, Err(AuthFault::OtherCertificate));
        assert_eq!(ask(&bound, None, "10.0.0.5").await, Err(AuthFault::CertificateMissing));
        assert_eq!(ask(&bound, Some(b"mine"), "10.0.0.6").await, Err(AuthFault::CertificateMissing));
        assert_eq!(ask(&bound, Some(b"mine"), "unknown").await, Err(AuthFault::CertificateMissing));
        assert_eq!(ask(&free, None, "unknown").await, Ok(true));
        assert_eq!(ask(&free, Some(b"other"), "10.0.0.5").await, Ok(true));
    }
    let keyed = es.token(&with("cnf", json!({ "jkt": "x" })));
    assert_eq!(ask(&keyed, Some(b"mine"), "10.0.0.5").await, Err(AuthFault::Binding));
    let world = World::of(&[&es]).await;
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {bound}").parse().expect("value"));
    let credentials = Credentials { headers: &headers, peer: "10.0.0.5".parse().ok() };
    let unasked = world.authenticator.authenticate(credentials, now()).await;
    assert_eq!(unasked, Err(AuthFault::CertificateMissing), "nobody is believed for certificates");
}

#[tokio::test]
async fn key_set_in_a_file_must_be_right_from_the_start() {
    let directory = tempfile::tempdir().expect("directory");
    let issuers = json!([{ "issuer": ISSUER, "audience": AUDIENCE, "jwks_file": directory.path().join("missing") }]);
    let config = Config::load(&Flags::default(), |name| (name == "ISSUERS").then(|| issuers.to_string()));
    let keys = Keys::create(&directory.path().join("data"), Issuance::Configured).expect("keys");
    let fault = Authenticator::start(&config.expect("config"), &keys, now()).await.expect_err("refused");
    assert!(fault.to_string().starts_with("ISSUERS: "));
}

#[test]
fn debug_and_reasons_show_nothing_of_a_token() {
    let error = Error::from(AuthFault::Signature);
    assert_eq!(error.to_string(), "no valid token: the signature does not verify");
    assert_eq!(Error::from(AuthFault::KeysUnavailable).code(), crate::ErrorCode::Unavailable);
}
