//! Signature by an organisation's registered key: a detached JSON Web Signature (RFC 7515, appendix F) over a content hash.
//!
//! What is signed is the hash's 64 characters. The key is the one the header names by its id, and it alone says by which
//! algorithm; nothing else of the header is used. `docs/signing.md` tells signers the same.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{
    organisation_key,
    vocabulary::{Instant, OrganisationId, ProposalStatus, instant_text},
};
use jsonwebtoken::{Algorithm, crypto};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{
    FaultCode,
    auth::PublicKey,
    checks::Checks,
    facts::{Facts, stands_for},
};

/// Longest signature, in characters; one by an RSA key of 8,192 bits has under 2,000.
const JWS_CHARACTERS_MAX: usize = 4_096;

/// Members of a protected header that are read. Deserialising refuses repeated ones.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

/// True for a member that is there, whatever its value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Signature in parts.
struct Parts<'a> {
    protected: &'a str,
    algorithm: Algorithm,
    kid: String,
    signature: &'a str,
}

/// Detached form of a signature over a content hash by a key of the organisation, or of one whose place it took; null, with
/// the fault at `path`, for any other. The key must be accepted at the instant of the act: what happens to it later voids
/// nothing.
pub(super) fn verified(
    checks: &mut Checks,
    facts: &Facts,
    (path, given): (&str, &str),
    (signer, content_hash): (OrganisationId, &str),
    now: Instant,
) -> Option<String> {
    let outcome = parts(given, content_hash).and_then(|parts| {
        let row = facts.organisation_key.by_key(&parts.kid);
        let row = row.ok_or((FaultCode::NotFound, "no registered key has this `kid`".to_owned()))?;
        if !stands_for(facts, signer, row.organisation_id) {
            return Err((FaultCode::Conflict, "the key belongs to another organisation".to_owned()));
        }
        accepted(row, now)?;
        fits(row, &parts, content_hash)?;
        Ok(format!("{}..{}", parts.protected, parts.signature))
    });
    outcome.map_err(|(code, message)| checks.fault(code, path, message)).ok()
}

type Refusal = (FaultCode, String);

fn malformed(message: &str) -> Refusal {
    (FaultCode::Malformed, message.to_owned())
}

fn parts<'a>(given: &'a str, content_hash: &str) -> Result<Parts<'a>, Refusal> {
    if given.len() > JWS_CHARACTERS_MAX {
        return Err((FaultCode::TooLong, format!("longer than {JWS_CHARACTERS_MAX} characters")));
    }
    let form = || malformed("form is not `header..signature`, each in base64url (RFC 7515, appendix F)");
    let [protected, payload, signature]: [&str; 3] =
        given.trim().split('.').collect::<Vec<_>>().try_into().map_err(|_| form())?;
    let header = URL_SAFE_NO_PAD.decode(protected).map_err(|_| form())?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| form())?;
    if signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).is_err() {
        return Err(form());
    }
    if header.crit || header.b64 {
        return Err(malformed("`crit` and `b64` are not taken"));
    }
    let algorithm = match header.alg.as_str() {
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        "RS256" => Algorithm::RS256,
        "PS256" => Algorithm::PS256,
        _ => return Err(malformed("`alg` is not ES256, EdDSA, RS256 or PS256")),
    };
    if !payload.is_empty() && payload != URL_SAFE_NO_PAD.encode(content_hash) {
        return Err((FaultCode::Conflict, "it is made over another content".to_owned()));
    }
    let kid = header.kid.ok_or_else(|| malformed("`kid` names no key"))?;
    Ok(Parts { protected, algorithm, kid, signature })
}

/// A key signs from its confirmation until it is revoked or its time is over.
fn accepted(row: &organisation_key::Model, now: Instant) -> Result<(), Refusal> {
    let refused = |message: String| Err((FaultCode::WrongStatus, message));
    match row.status {
        ProposalStatus::Proposed => return refused("the key is not confirmed yet".to_owned()),
        ProposalStatus::Revoked => return refused("the key is revoked".to_owned()),
        ProposalStatus::Confirmed => {}
    }
    if now < row.valid_from {
        return refused(format!("the key signs only from {}", instant_text(row.valid_from)));
    }
    match row.valid_until {
        Some(until) if until <= now => refused(format!("the key signed only until {}", instant_text(until))),
        _ => Ok(()),
    }
}

/// The key decides between algorithms; one of RSA takes either padding.
fn fits(row: &organisation_key::Model, parts: &Parts<'_>, content_hash: &str) -> Result<(), Refusal> {
    let conflict = |message: &str| (FaultCode::Conflict, message.to_owned());
    let key = PublicKey::parse(&row.jwk).map_err(|_| conflict("the key is not one that verifies signatures"))?;
    let is_its_own =
        key.algorithm == parts.algorithm || (key.algorithm, parts.algorithm) == (Algorithm::RS256, Algorithm::PS256);
    if !is_its_own {
        return Err(conflict("`alg` is not the key's"));
    }
    let message = format!("{}.{}", parts.protected, URL_SAFE_NO_PAD.encode(content_hash));
    match crypto::verify(parts.signature, message.as_bytes(), &key.key, parts.algorithm) {
        Ok(true) => Ok(()),
        _ => Err(conflict("it does not verify over this content hash by this key")),
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        rsa,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
    };
    use base64::engine::general_purpose::STANDARD;
    use chrono::TimeDelta;
    use entity::{organisation, vocabulary::OrganisationKeyId};
    use jsonwebtoken::{EncodingKey, jwk::Jwk};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    /// Hash, key and signature of the test vector that the document tells.
    const HASH: &str = "a664ecd4fcfa0cbc3344d8f458746887e86c9a31eed7708c1ead286f9e9a4ca4";
    const EDWARDS: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const VECTOR: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImtQcktfcW14VldhWVZBOXd3QkY2SXVvM3ZWeno3VHhIQ1R3WEJ5Z3JTNGsifQ..je5QLVgClc071EmSIC3zoraW-D_S3bnVF1WNpNHJNcHe9iF0ZNAvU7OAX7sQQBI4XUY37iijK7ye5VM81wF4AQ";

    const SIGNER: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const PREDECESSOR: OrganisationId = OrganisationId(Uuid::from_u128(2));
    const STRANGER: OrganisationId = OrganisationId(Uuid::from_u128(3));

    fn now() -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn row(jwk: &str) -> organisation_key::Model {
        organisation_key::Model {
            id: OrganisationKeyId(Uuid::from_u128(9)),
            organisation_id: SIGNER,
            kid: PublicKey::parse(jwk).unwrap().kid,
            jwk: jwk.to_owned(),
            status: ProposalStatus::Confirmed,
            proposed_by: "admin-one".to_owned(),
            confirmed_by: Some("admin-two".to_owned()),
            valid_from: now(),
            valid_until: Some(now() + TimeDelta::microseconds(1)),
        }
    }

    fn outcome(row: organisation_key::Model, jws: &str) -> Result<String, (FaultCode, String)> {
        let predecessor = organisation::Model { successor_id: Some(SIGNER), ..bare::organisation(PREDECESSOR) };
        let bodies = [bare::organisation(SIGNER), predecessor, bare::organisation(STRANGER)].map(Edit::from);
        let facts = Facts::default().after(1, bodies.iter().chain([&Edit::from(row)]));
        let mut checks = Checks::default();
        let verified = verified(&mut checks, &facts, ("proof.jws", jws), (SIGNER, HASH), now());
        verified.ok_or_else(|| {
            let fault = checks.faults().pop().unwrap();
            assert_eq!(fault.path, ["proof", "jws"]);
            (fault.code, fault.message)
        })
    }

    fn refused(row: organisation_key::Model, jws: &str) -> FaultCode {
        outcome(row, jws).unwrap_err().0
    }

    fn signed(header: &serde_json::Value, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        format!("{header}..{}", crypto::sign(message.as_bytes(), key, algorithm).unwrap())
    }

    #[test]
    fn vector_of_the_document_verifies_detached_and_whole() {
        assert_eq!(outcome(row(EDWARDS), VECTOR).as_deref(), Ok(VECTOR));
        let whole = VECTOR.replace("..", &format!(".{}.", URL_SAFE_NO_PAD.encode(HASH)));
        assert_eq!(outcome(row(EDWARDS), &whole).as_deref(), Ok(VECTOR), "and is kept detached");
        let told = include_str!("../../../../docs/signing.md");
        assert!(told.contains(VECTOR) && told.contains(HASH));
    }

    #[test]
    fn key_counts_only_for_its_holder_once_confirmed_and_within_its_time() {
        let key = || row(EDWARDS);
        let predecessors = organisation_key::Model { organisation_id: PREDECESSOR, ..key() };
        assert!(outcome(predecessors, VECTOR).is_ok());
        let later = now() + TimeDelta::microseconds(1);
        for (key, expected) in [
            (organisation_key::Model { organisation_id: STRANGER, ..key() }, FaultCode::Conflict),
            (organisation_key::Model { status: ProposalStatus::Proposed, ..key() }, FaultCode::WrongStatus),
            (organisation_key::Model { status: ProposalStatus::Revoked, ..key() }, FaultCode::WrongStatus),
            (organisation_key::Model { valid_from: later, ..key() }, FaultCode::WrongStatus),
            (organisation_key::Model { valid_until: Some(now()), ..key() }, FaultCode::WrongStatus),
            (organisation_key::Model { kid: "another".to_owned(), ..key() }, FaultCode::NotFound),
        ] {
            assert_eq!(refused(key, VECTOR), expected);
        }
    }

    #[test]
    fn each_kind_of_key_signs_by_its_own_algorithm_alone() {
        let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let curve = EncodingKey::from_ec_der(curve.to_pkcs8v1().unwrap().as_ref());
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let document: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let encoded = STANDARD.encode(document.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n");
        let rsa = EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap();
        for (key, kind, algorithms) in [
            (&curve, Algorithm::ES256, &[Algorithm::ES256][..]),
            (&rsa, Algorithm::RS256, &[Algorithm::RS256, Algorithm::PS256]),
        ] {
            let jwk = serde_json::to_string(&Jwk::from_encoding_key(key, kind).unwrap()).unwrap();
            let kid = PublicKey::parse(&jwk).unwrap().kid;
            for algorithm in algorithms {
                let jws = |header: serde_json::Value| signed(&header, HASH, key, *algorithm);
                let good = jws(json!({"alg": algorithm, "kid": kid, "jku": "https://elsewhere.example"}));
                assert_eq!(outcome(row(&jwk), &good).as_ref(), Ok(&good));
                let other = jws(json!({"alg": "EdDSA", "kid": kid}));
                assert_eq!(refused(row(&jwk), &other), FaultCode::Conflict, "the key says by which");
                let content = signed(&json!({"alg": algorithm, "kid": kid}), &HASH.replace('a', "b"), key, *algorithm);
                assert_eq!(refused(row(&jwk), &content), FaultCode::Conflict, "another content");
                for wrong in [
                    json!({"alg": "none", "kid": kid}),
                    json!({"alg": "HS256", "kid": kid}),
                    json!({"alg": algorithm}),
                    json!({"alg": algorithm, "kid": kid, "crit": ["b64"]}),
                    json!({"alg": algorithm, "kid": kid, "b64": false}),
                ] {
                    assert_eq!(refused(row(&jwk), &jws(wrong.clone())), FaultCode::Malformed, "{wrong}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_signature_is_refused_by_its_form() {
        let (header, signature) = VECTOR.split_once("..").unwrap();
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","alg":"none","kid":"k"}"#);
        for wrong in [
            String::new(),
            "..".to_owned(),
            header.to_owned(),
            format!("{header}.."),
            format!("..{signature}"),
            format!("{header}..{signature}="),
            format!("{header}..{signature}.{signature}"),
            format!("{twice}..{signature}"),
        ] {
            assert_eq!(refused(row(EDWARDS), &wrong), FaultCode::Malformed, "{wrong}");
        }
        let elsewhere = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("another"));
        assert_eq!(outcome(row(EDWARDS), &elsewhere).unwrap_err().1, "it is made over another content");
        assert_eq!(refused(row(EDWARDS), &"A".repeat(4_097)), FaultCode::TooLong);
        let changed = VECTOR.replace("je5Q", "ke5Q");
        assert_eq!(refused(row(EDWARDS), &changed), FaultCode::Conflict);
    }
}
