//! Who is believed, over HTTP: forged tokens by the hundred, each beside the honest one it was made from, and tokens that
//! only the holder of a certificate may use.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use api::journal::leaf::{hex, sha256};
use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use rcgen::{KeyPair, PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use crate::house::{Engine, House, KELA, Reply};

const ISSUER: &str = "https://issuer.example";
const OTHER_ISSUER: &str = "https://other.example";
const AUDIENCE: &str = "disclosure-gateway";

/// Key of an issuer.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

/// Ed25519 key without its public half (RFC 5208), the one form the library of tokens reads.
fn bare(der: &[u8]) -> Vec<u8> {
    let secret = der.windows(4).position(|bytes| bytes == [0x04, 0x22, 0x04, 0x20]).unwrap() + 4;
    let header = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    [&header[..], &der[secret..secret + 32]].concat()
}

impl Signer {
    fn new(id: &'static str, algorithm: Algorithm) -> Self {
        api::auth::install_provider();
        let der = |pair: &KeyPair| pair.serialize_der();
        let key = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(&bare(&der(&KeyPair::generate_for(&PKCS_ED25519).unwrap()))),
            Algorithm::RS256 => {
                let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
                EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
            }
            _ => EncodingKey::from_ec_der(&der(&KeyPair::generate().unwrap())),
        };
        Self { id, algorithm, key }
    }

    fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = self.id.into();
        jwk
    }

    fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.id, "typ": "at+jwt" })
    }

    fn signature(&self, message: &str) -> String {
        crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap()
    }

    /// Token of a header and claims as they stand, be they what they may.
    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(&message);
        format!("{message}.{signature}")
    }

    fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// Two issuers, the keys of the first of each kind, and a gateway that believes both.
struct World {
    house: House,
    es: Signer,
    ed: Signer,
    rs: Signer,
    theirs: Signer,
}

impl World {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let (es, ed) = (Signer::new("es", Algorithm::ES256), Signer::new("ed", Algorithm::EdDSA));
        let (rs, theirs) = (Signer::new("rs", Algorithm::RS256), Signer::new("theirs", Algorithm::ES256));
        let keys = tempfile::tempdir().unwrap();
        let file = |name: &str, signers: &[&Signer]| {
            let set = json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() });
            let path = keys.path().join(name);
            std::fs::write(&path, set.to_string()).unwrap();
            path
        };
        let issuers = json!([
            { "issuer": ISSUER, "audience": AUDIENCE, "jwks_file": file("ours", &[&es, &ed, &rs]) },
            { "issuer": OTHER_ISSUER, "audience": AUDIENCE, "jwks_file": file("theirs", &[&theirs]) },
        ]);
        let house = House::configured(Engine::Sqlite, |name| match name {
            "ISSUERS" => Some(issuers.to_string()),
            _ => settings.iter().find(|(setting, _)| *setting == name).map(|(_, value)| (*value).to_owned()),
        });
        Self { house: house.await.unwrap(), es, ed, rs, theirs }
    }

    fn now(&self) -> i64 {
        self.house.app.gateway.clock.now().timestamp()
    }

    fn claims(&self) -> Value {
        let now = self.now();
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "kela-system", "iat": now, "nbf": now, "exp": now + 300,
            "org": KELA, "roles": ["system"],
        })
    }

    fn with(&self, name: &str, value: impl Into<Value>) -> Value {
        let mut claims = self.claims();
        claims[name] = value.into();
        claims
    }

    fn without(&self, name: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    /// Token whose header says something else.
    fn headed(&self, name: &str, value: impl Into<Value>) -> String {
        let mut header = self.es.header();
        header[name] = value.into();
        self.es.sign(&header.to_string(), &self.claims().to_string())
    }

    /// Token whose header is written so.
    fn header_of(&self, header: &str) -> String {
        self.es.sign(header, &self.claims().to_string())
    }

    /// Token whose claims begin with further members, written so.
    fn claims_with(&self, members: &str) -> String {
        let claims = self.claims().to_string();
        self.es.sign(&self.es.header().to_string(), &format!("{{{members},{}", &claims[1..]))
    }

    async fn sent(&self, request: Request<Body>) -> Reply {
        self.house.send(request).await
    }

    async fn accepted(&self, token: &str) {
        let request = asking().header(header::AUTHORIZATION, format!("Bearer {token}"));
        let reply = self.sent(request.body(Body::from(QUESTION)).unwrap()).await;
        assert_eq!((reply.status, reply.body.get("errors")), (StatusCode::OK, None), "{}", reply.body);
    }
}

const QUESTION: &str = r#"{"query":"{ organisations(first: 1) { nodes { id } } }"}"#;

fn asking() -> axum::http::request::Builder {
    Request::post("/graphql").header(header::CONTENT_TYPE, "application/json")
}

/// Body that tells whether anyone asked for it.
fn watched() -> (Body, Arc<AtomicBool>) {
    let is_read = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_read);
    let body = futures::stream::once(async move {
        seen.store(true, Ordering::SeqCst);
        Ok::<_, std::io::Error>(Bytes::from_static(QUESTION.as_bytes()))
    });
    (Body::from_stream(body), is_read)
}

/// Forgery: what is wrong with it, the token, and what the caller is told.
type Forgery = (String, String, &'static str);

const MALFORMED: &str = "the token is malformed";
const ALGORITHM: &str = "the algorithm is not that of the key";
const CLAIMS: &str = "a claim is missing, repeated or malformed";
const SIGNATURE: &str = "the signature does not verify";

fn unsigned(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    let honest = world.es.token(&world.claims());
    let (_, signature) = honest.rsplit_once('.').unwrap();
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", signature] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "kid": "es" }).to_string());
            let claims = URL_SAFE_NO_PAD.encode(world.claims().to_string());
            forged.push((format!("alg {algorithm:?}"), format!("{header}.{claims}.{signature}"), ALGORITHM));
        }
    }
    for algorithm in [json!(null), json!(["ES256"]), json!(256), json!({})] {
        forged.push((format!("alg {algorithm}"), world.headed("alg", algorithm), MALFORMED));
    }
    forged.push(("no alg".to_owned(), world.header_of(r#"{"kid":"es","typ":"at+jwt"}"#), MALFORMED));
    forged
}

/// Public keys taken for shared secrets, and algorithms that are not those of the key named.
fn confused(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    let (rsa, curve) = (world.rs.jwk(), world.es.jwk());
    let secrets = [rsa["n"].as_str().unwrap().to_owned(), rsa.to_string(), curve["x"].as_str().unwrap().to_owned()];
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        for (secret, id) in secrets.iter().zip(["rs", "rs", "es"]) {
            let attacker = Signer { id, algorithm, key: EncodingKey::from_secret(secret.as_bytes()) };
            forged.push((
                format!("{algorithm:?} with the public key {id}"),
                attacker.token(&world.claims()),
                ALGORITHM,
            ));
        }
    }
    let claims = world.claims().to_string();
    for (signer, named, algorithm) in [
        (&world.rs, "es", "RS256"),
        (&world.rs, "rs", "ES256"),
        (&world.es, "ed", "ES256"),
        (&world.ed, "es", "EdDSA"),
        (&world.ed, "rs", "RS256"),
        (&world.es, "es", "RS256"),
        (&world.es, "es", "ES384"),
        (&world.es, "es", "ES256K"),
        (&world.es, "es", "es256"),
        (&world.rs, "rs", "PS256"),
        (&world.rs, "rs", "RS512"),
        (&world.rs, "rs", "RSA-OAEP"),
    ] {
        let header = json!({ "alg": algorithm, "kid": named }).to_string();
        let said = if algorithm == "RS256" && named == "rs" { SIGNATURE } else { ALGORITHM };
        forged.push((format!("{algorithm} for key {named}"), signer.sign(&header, &claims), said));
    }
    forged
}

fn headed(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    let attacker = Signer::new("es", Algorithm::ES256);
    let own = "the token brings a key of its own";
    for member in ["jku", "x5u", "x5c", "jwk"] {
        for value in [json!("https://attacker.example/keys"), json!(["MIIB"]), attacker.jwk(), json!(null)] {
            forged.push((format!("{member}: {value:.20}"), world.headed(member, value.clone()), own));
        }
        let mut header = attacker.header();
        header[member] = attacker.jwk();
        let token = attacker.sign(&header.to_string(), &world.claims().to_string());
        forged.push((format!("{member} of whoever signed it"), token, own));
    }
    forged.push(("jku, escaped".to_owned(), world.header_of(r#"{"alg":"ES256","kid":"es","\u006aku":"x"}"#), own));
    for value in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
        forged.push((format!("crit: {value}"), world.headed("crit", value), "the token has critical extensions"));
    }
    for typ in [
        json!("dpop+jwt"),
        json!("logout+jwt"),
        json!("secevent+jwt"),
        json!("application/jwt"),
        json!("JWS"),
        json!("at+jwt "),
        json!(""),
        json!(null),
        json!(1),
        json!(["at+jwt"]),
    ] {
        forged.push((format!("typ: {typ}"), world.headed("typ", typ), "the token is of another type"));
    }
    let nameless = "the token names no key";
    for id in [json!(null), json!(""), json!(1), json!(["es"]), json!("k".repeat(65))] {
        forged.push((format!("kid: {id:.20}"), world.headed("kid", id), nameless));
    }
    forged.push(("no kid".to_owned(), world.header_of(r#"{"alg":"ES256"}"#), nameless));
    for id in ["unheard-of", "ES", "es ", "../../etc/passwd", "es' or '1'='1", "https://attacker.example", "theirs"] {
        forged.push((format!("kid: {id}"), world.headed("kid", id), "the token names an unknown key"));
    }
    forged
}

fn repeated(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    for header in [
        r#"{"alg":"none","alg":"ES256","kid":"es"}"#,
        r#"{"alg":"ES256","alg":"ES256","kid":"es"}"#,
        r#"{"alg":"ES256","kid":"es","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"ed","kid":"es"}"#,
        r#"{"alg":"ES256","kid":"es","typ":"JWT","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","kid":"es","x":1,"x":1}"#,
        r#"{"alg":"ES256","kid":"es","x":{"y":[{"z":1,"z":2}]}}"#,
        r#"{"alg":"ES256","kid":"es","a/b":1,"a\/b":2}"#,
    ] {
        forged.push((header.to_owned(), world.header_of(header), MALFORMED));
    }
    for members in [
        r#""iss":"https://issuer.example""#,
        r#""iss":"https://attacker.example""#,
        r#""aud":"disclosure-gateway""#,
        r#""sub":"somebody""#,
        r#""exp":99999999999"#,
        r#""nbf":0"#,
        r#""iat":0"#,
        r#""org":"0245437-2""#,
        r#""roles":["administrator"]"#,
        r#""r\u006fles":["administrator"]"#,
        r#""\u006F\u0072\u0067":"0245437-2""#,
        r#""act":{"org":"0245437-2"},"act":{}"#,
        r#""act":{"org":"0245437-2","org":"0245437-2"}"#,
        r#""act":{"org":"0245437-2","\u006frg":"9900001-8"}"#,
        r#""cnf":{"jkt":"a","jkt":"b"}"#,
        r#""unheard-of":1,"unheard-of":1"#,
        r#""a":{"b":{"c":{"d":1,"d":1}}}"#,
        r#""a":[[],[{"b":1},{"b":1,"b":2}]]"#,
        r#""":1,"":2"#,
    ] {
        forged.push((format!("claims with {members}"), world.claims_with(members), CLAIMS));
    }
    forged
}

fn untimely(world: &World) -> Vec<Forgery> {
    let now = world.now();
    let mut forged = vec![("no exp".to_owned(), world.es.token(&world.without("exp")), CLAIMS)];
    for exp in [
        json!(null),
        json!(format!("{}", now + 300)),
        json!("never"),
        json!(true),
        json!([now + 300]),
        json!({}),
        json!(-1),
        json!(1e300),
        json!(253_402_300_800_i64),
        json!(u64::MAX),
    ] {
        forged.push((format!("exp: {exp}"), world.es.token(&world.with("exp", exp)), CLAIMS));
    }
    for exp in [now - 31, now - 86_400, 0] {
        forged.push((format!("exp: {exp}"), world.es.token(&world.with("exp", exp)), "the token has expired"));
    }
    for (name, said) in [("nbf", "the token is not yet valid"), ("iat", "the token is issued in the future")] {
        for ahead in [60, 86_400] {
            forged.push((format!("{name} ahead"), world.es.token(&world.with(name, now + ahead)), said));
        }
        for odd in [json!(null), json!(now.to_string()), json!([]), json!(-5), json!(1e300)] {
            forged.push((format!("{name}: {odd}"), world.es.token(&world.with(name, odd)), CLAIMS));
        }
    }
    forged
}

fn misdirected(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    for (aud, said) in [
        (json!("other"), "the token is for another audience"),
        (json!(["other", "another"]), "the token is for another audience"),
        (json!([]), "the token is for another audience"),
        (json!(""), "the token is for another audience"),
        (json!("disclosure-gateway/"), "the token is for another audience"),
        (json!("DISCLOSURE-GATEWAY"), "the token is for another audience"),
        (json!("disclosure"), "the token is for another audience"),
        (json!("disclosure-gateway other"), "the token is for another audience"),
        (json!(null), CLAIMS),
        (json!(1), CLAIMS),
        (json!({ "disclosure-gateway": true }), CLAIMS),
        (json!([AUDIENCE, 1]), CLAIMS),
        (json!([[AUDIENCE]]), CLAIMS),
    ] {
        forged.push((format!("aud: {aud}"), world.es.token(&world.with("aud", aud)), said));
    }
    let foreign = "the issuer is not believed";
    for iss in
        ["https://attacker.example", "https://issuer.example/", "https://Issuer.example", "http://issuer.example", ""]
    {
        forged.push((format!("iss: {iss}"), world.es.token(&world.with("iss", iss)), foreign));
    }
    for iss in [json!(null), json!([ISSUER]), json!(1)] {
        forged.push((format!("iss: {iss}"), world.es.token(&world.with("iss", iss)), CLAIMS));
    }
    for name in ["iss", "aud", "sub"] {
        forged.push((format!("no {name}"), world.es.token(&world.without(name)), CLAIMS));
    }
    let unknown = "the token names an unknown key";
    forged.push(("iss of the other".to_owned(), world.es.token(&world.with("iss", OTHER_ISSUER)), unknown));
    forged.push(("key of the other".to_owned(), world.theirs.token(&world.claims()), unknown));
    forged
}

fn misnamed(world: &World) -> Vec<Forgery> {
    let mut forged = Vec::new();
    let subject = "the subject is not acceptable";
    for (sub, said) in [
        (json!(""), subject),
        (json!("x".repeat(201)), subject),
        (json!("131052-308T"), subject),
        (json!("user 010594y9032"), subject),
        (json!("a\u{0}b"), subject),
        (json!(null), CLAIMS),
        (json!(1), CLAIMS),
        (json!(["a"]), CLAIMS),
    ] {
        forged.push((format!("sub: {sub:.20}"), world.es.token(&world.with("sub", sub)), said));
    }
    let organisation = "the organisation is missing or no business id";
    for (org, said) in [
        (json!("0246246-1"), organisation),
        (json!("kela"), organisation),
        (json!(""), organisation),
        (json!(null), organisation),
        (json!(2_462_460), CLAIMS),
        (json!([KELA]), CLAIMS),
    ] {
        forged.push((format!("org: {org}"), world.es.token(&world.with("org", org)), said));
    }
    forged.push(("no org".to_owned(), world.es.token(&world.without("org")), organisation));
    for roles in [json!("system"), json!({ "system": true }), json!(["system", 1]), json!(null)] {
        forged.push((format!("roles: {roles}"), world.es.token(&world.with("roles", roles)), CLAIMS));
    }
    for (act, said) in [
        (json!({ "org": "x" }), "the processor is not acceptable"),
        (json!({ "org": 1 }), CLAIMS),
        (json!("0245437-2"), CLAIMS),
    ] {
        forged.push((format!("act: {act}"), world.es.token(&world.with("act", act)), said));
    }
    let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
    for (cnf, said) in [
        (json!({ "x5t#S256": thumbprint }), "the certificate the token is bound to is not shown"),
        (json!({ "jkt": thumbprint }), "the token is bound to what cannot be checked"),
        (json!({ "x5t#S256": thumbprint, "jkt": thumbprint }), "the token is bound to what cannot be checked"),
        (json!({}), "the token is bound to what cannot be checked"),
        (json!(null), "the token is bound to what cannot be checked"),
    ] {
        forged.push((format!("cnf: {cnf}"), world.es.token(&world.with("cnf", cnf)), said));
    }
    forged
}

fn missigned(world: &World) -> Vec<Forgery> {
    let honest = world.es.token(&world.claims());
    let (message, signature) = honest.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = Signer::new("es", Algorithm::ES256);
    let administrator = URL_SAFE_NO_PAD.encode(world.with("roles", json!(["administrator"])).to_string());
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[10] ^= 1;
    let with = |bytes: &[u8]| format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes));
    [
        ("no signature", format!("{message}."), SIGNATURE),
        ("half a signature", format!("{message}.{}", &signature[..40]), SIGNATURE),
        ("a flipped bit", with(&flipped), SIGNATURE),
        ("a byte more", with(&[URL_SAFE_NO_PAD.decode(signature).unwrap(), vec![0]].concat()), SIGNATURE),
        ("zeros", with(&[0; 64]), SIGNATURE),
        ("ones", with(&[0xff; 64]), SIGNATURE),
        ("DER", with(&[&[0x30, 0x44, 0x02, 0x20][..], &[1; 32], &[0x02, 0x20], &[1; 32]].concat()), SIGNATURE),
        ("another key of the same name", other.token(&world.claims()), SIGNATURE),
        (
            "the other issuer's key",
            world.theirs.sign(&world.es.header().to_string(), &world.claims().to_string()),
            SIGNATURE,
        ),
        ("other claims", format!("{header}.{administrator}.{signature}"), SIGNATURE),
        ("padding", format!("{honest}=="), MALFORMED),
        ("another alphabet", format!("{message}.{}", STANDARD.encode([0xfb; 64])), MALFORMED),
        ("stray bits", format!("{message}.{}", signature.chars().take(85).chain(['B']).collect::<String>()), MALFORMED),
    ]
    .map(|(what, token, said)| (what.to_owned(), token, said))
    .to_vec()
}

fn misshapen(world: &World) -> Vec<Forgery> {
    let honest = world.es.token(&world.claims());
    let (header, claims) = (world.es.header().to_string(), world.claims().to_string());
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = |header: &[u8], claims: &[u8]| {
        let message = format!("{}.{}", text(header), text(claims));
        let signature = world.es.signature(&message);
        format!("{message}.{signature}")
    };
    let deep = format!(r#"{{"a":{}{},{}"#, "[".repeat(200), "]".repeat(200), &claims[1..]);
    let long = format!(r#"{{"a":"{}",{}"#, "x".repeat(8_192), &claims[1..]);
    let too_long = "the token is too long";
    [
        ("a word", "token".to_owned(), MALFORMED),
        ("three letters", "a.b.c".to_owned(), MALFORMED),
        ("dots", "..".to_owned(), MALFORMED),
        ("two parts", honest.rsplit_once('.').unwrap().0.to_owned(), MALFORMED),
        ("four parts", format!("{honest}.x"), MALFORMED),
        ("five parts, encrypted", format!("{honest}.x.y"), MALFORMED),
        ("no header", honest[honest.find('.').unwrap()..].to_owned(), MALFORMED),
        ("no dots", honest.replace('.', ""), MALFORMED),
        ("no claims", format!("{}..", text(header.as_bytes())), CLAIMS),
        ("a comma for a dot", honest.replacen('.', ",", 1), MALFORMED),
        ("a list for a header", signed(b"[]", claims.as_bytes()), MALFORMED),
        ("a text for a header", signed(b"\"ES256\"", claims.as_bytes()), MALFORMED),
        ("a header with a tail", signed(format!("{header}{{}}").as_bytes(), claims.as_bytes()), MALFORMED),
        ("a header after a mark", signed(format!("\u{feff}{header}").as_bytes(), claims.as_bytes()), MALFORMED),
        ("a header that is no text", signed(&[header.as_bytes(), b"\xff"].concat(), claims.as_bytes()), MALFORMED),
        ("a list for claims", signed(header.as_bytes(), b"[]"), CLAIMS),
        ("words for claims", signed(header.as_bytes(), b"claims"), CLAIMS),
        ("null for claims", signed(header.as_bytes(), b"null"), CLAIMS),
        ("claims with a tail", signed(header.as_bytes(), format!("{claims}x").as_bytes()), CLAIMS),
        ("claims after a mark", signed(header.as_bytes(), format!("\u{feff}{claims}").as_bytes()), CLAIMS),
        ("claims that are no text", signed(header.as_bytes(), b"{\"sub\":\"\xff\xfe\"}"), CLAIMS),
        ("half a character", signed(header.as_bytes(), claims.replace("kela-system", r"\ud800").as_bytes()), CLAIMS),
        ("deep claims", signed(header.as_bytes(), deep.as_bytes()), CLAIMS),
        ("long claims", signed(header.as_bytes(), long.as_bytes()), too_long),
        (
            "a long header",
            signed(format!(r#"{{"a":"{}",{}"#, "x".repeat(8_192), &header[1..]).as_bytes(), claims.as_bytes()),
            too_long,
        ),
        ("a long nothing", "x".repeat(8_193), too_long),
    ]
    .map(|(what, token, said)| (what.to_owned(), token, said))
    .to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_tokens_are_refused_with_a_reason_before_anything_of_the_request_is_read() {
    let world = World::new(&[]).await;
    for signer in [&world.es, &world.ed, &world.rs] {
        world.accepted(&signer.token(&world.claims())).await;
    }
    world.accepted(&world.theirs.token(&world.with("iss", OTHER_ISSUER))).await;
    world.accepted(&world.headed("x5t", "abc")).await;
    world.accepted(&world.headed("typ", "JWT")).await;
    world.accepted(&world.header_of(r#"{"alg":"ES256","kid":"es"}"#)).await;
    world.accepted(&world.es.token(&world.with("unheard-of", json!({ "a": [1] })))).await;
    world.accepted(&world.es.token(&world.with("aud", json!(["other", AUDIENCE])))).await;

    let kinds = [unsigned, confused, headed, repeated, untimely, misdirected, misnamed, missigned, misshapen];
    let forgeries: Vec<_> = kinds.iter().flat_map(|forge| forge(&world)).collect();
    assert!(forgeries.len() >= 180, "{}", forgeries.len());
    for (what, token, said) in &forgeries {
        let (body, is_read) = watched();
        let request = asking().header(header::AUTHORIZATION, format!("Bearer {token}")).body(body).unwrap();
        let reply = world.sent(request).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{what}: {}", reply.body);
        let challenge = format!(r#"Bearer error="invalid_token", error_description="{said}""#);
        assert_eq!(reply.headers[header::WWW_AUTHENTICATE], challenge, "{what}");
        assert_eq!(reply.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{what}");
        assert_eq!(reply.body.get("data"), None, "{what}");
        assert!(!is_read.load(Ordering::SeqCst), "{what}: the body was read");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn challenge_says_no_more_than_was_asked() {
    let world = World::new(&[]).await;
    let honest = world.es.token(&world.claims());
    let (bare, unreadable) = (
        "Bearer",
        r#"Bearer error="invalid_request", error_description="the Authorization header is not one bearer token""#,
    );
    let (one, two) = (format!("Bearer {honest}"), format!("Bearer {honest} {honest}"));
    for (headers, challenge) in [
        (vec![], bare),
        (vec!["Basic eDp5"], bare),
        (vec![honest.as_str()], bare),
        (vec!["Bearer"], unreadable),
        (vec!["Bearer "], unreadable),
        (vec![two.as_str()], unreadable),
        (vec![one.as_str(), one.as_str()], unreadable),
    ] {
        for door in ["/graphql", "/export/statistics", "/export/agreements/x", "/export/records-of-processing"] {
            let (body, is_read) = watched();
            let method = if door == "/graphql" { "POST" } else { "GET" };
            let mut request =
                Request::builder().method(method).uri(door).header(header::CONTENT_TYPE, "application/json");
            for value in &headers {
                request = request.header(header::AUTHORIZATION, *value);
            }
            let reply = world.sent(request.body(body).unwrap()).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{door} {headers:?}");
            assert_eq!(reply.headers[header::WWW_AUTHENTICATE], challenge, "{door} {headers:?}");
            assert!(!is_read.load(Ordering::SeqCst), "{door}: the body was read");
        }
    }
}

const PROXY: &str = "10.0.0.5:4711";

/// Status and reason of a bound token that comes from a peer with headers.
async fn shown(world: &World, token: &str, peer: Option<&str>, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let mut request = asking().header(header::AUTHORIZATION, format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::from(QUESTION)).unwrap();
    if let Some(peer) = peer {
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    }
    let reply = world.sent(request).await;
    let challenge = reply.headers.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
    (reply.status, challenge.and_then(|said| said.split('"').nth(3)).unwrap_or_default().to_owned())
}

/// Certificate of a client, and the thumbprint a token is bound to.
fn certificate() -> (Vec<u8>, String) {
    let pair = KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["kela.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let der = certificate.der().to_vec();
    let thumbprint = URL_SAFE_NO_PAD.encode(sha256(&[&der]));
    (der, thumbprint)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bound_token_needs_its_certificate_from_a_trusted_proxy_in_each_form() {
    let (mine, thumbprint) = certificate();
    let (other, _) = certificate();
    let pem = |der: &[u8]| {
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
        pem.replace('\n', "%0A").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(' ', "%20")
    };
    let hash = |der: &[u8]| format!(r#"By=spiffe://gateway;Hash={};Subject="CN=kela, O=a;b""#, hex(&sha256(&[der])));
    let sequence = |der: &[u8]| format!(":{}:", STANDARD.encode(der));
    for (setting, name, mine, other) in [
        ("client-cert", "client-cert", sequence(&mine), sequence(&other)),
        ("pem:X-SSL-Client-Cert", "x-ssl-client-cert", pem(&mine), pem(&other)),
        ("x-forwarded-client-cert", "x-forwarded-client-cert", hash(&mine), hash(&other)),
    ] {
        let world = World::new(&[("CLIENT_CERTIFICATE_HEADER", setting), ("TRUSTED_PROXIES", "10.0.0.0/24")]).await;
        let bound = world.es.token(&world.with("cnf", json!({ "x5t#S256": thumbprint })));
        let free = world.es.token(&world.claims());
        let refused = |reason: &str| (StatusCode::UNAUTHORIZED, reason.to_owned());
        let accepted = (StatusCode::OK, String::new());
        let missing = refused("the certificate the token is bound to is not shown");
        // Twice: a token that is remembered is no freer.
        for _ in 0..2 {
            assert_eq!(shown(&world, &bound, Some(PROXY), &[(name, &mine)]).await, accepted, "{setting}");
            let found = shown(&world, &bound, Some(PROXY), &[(name, &other)]).await;
            assert_eq!(found, refused("the token is bound to another certificate"), "{setting}");
            assert_eq!(shown(&world, &bound, Some(PROXY), &[]).await, missing, "{setting}");
            assert_eq!(shown(&world, &bound, Some("10.0.1.5:4711"), &[(name, &mine)]).await, missing, "{setting}");
            assert_eq!(shown(&world, &bound, None, &[(name, &mine)]).await, missing, "{setting}");
            let several = shown(&world, &bound, Some(PROXY), &[(name, &mine), (name, &mine)]).await;
            assert_eq!(several, refused("what is shown is not one certificate"), "{setting}");
            let together = format!("{mine},{other}");
            let several = shown(&world, &bound, Some(PROXY), &[(name, &together)]).await;
            assert_eq!(several, refused("what is shown is not one certificate"), "{setting}");
            assert_eq!(shown(&world, &free, None, &[]).await, accepted, "{setting}");
            assert_eq!(shown(&world, &free, Some(PROXY), &[(name, "nonsense")]).await, accepted, "{setting}");
        }
        let keyed = world.es.token(&world.with("cnf", json!({ "jkt": thumbprint })));
        let found = shown(&world, &keyed, Some(PROXY), &[(name, &mine)]).await;
        assert_eq!(found, refused("the token is bound to what cannot be checked"), "{setting}");
    }
}
