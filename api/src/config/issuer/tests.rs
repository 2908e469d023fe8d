use serde_json::json;

use super::*;
use crate::{json::Pointer, role::Role};

fn with(members: &str) -> Result<Vec<Issuer>, String> {
    parse(&format!(r#"[{{"issuer":"https://i.example","audience":"gateway"{members}}}]"#))
}

fn one(members: &str) -> Issuer {
    with(members).expect(members).remove(0)
}

#[test]
fn key_sets_come_from_a_file_or_over_https_or_are_discovered() {
    assert_eq!(one(r#","jwks_file":"keys.json""#).keys, KeySource::File("keys.json".into()));
    assert!(matches!(one(r#","jwks_url":"https://i.example/keys""#).keys, KeySource::Url(_)));
    assert!(matches!(one("").keys, KeySource::Discovered(url) if url.as_str() == "https://i.example/"));
}

#[test]
fn plain_http_is_for_loopback_addresses_only() {
    for host in ["localhost", "127.0.0.1", "127.9.9.9:8081", "[::1]:80"] {
        assert!(with(&format!(r#","jwks_url":"http://{host}/keys""#)).is_ok(), "{host}");
        assert!(parse(&format!(r#"[{{"issuer":"http://{host}","audience":"a"}}]"#)).is_ok(), "{host}");
    }
    for host in ["i.example", "localhost.example", "10.0.0.1", "127.0.0.1.example", "[::2]"] {
        assert!(with(&format!(r#","jwks_url":"http://{host}/keys""#)).is_err(), "{host}");
        assert!(parse(&format!(r#"[{{"issuer":"http://{host}","audience":"a"}}]"#)).is_err(), "{host}");
    }
}

#[test]
fn audience_is_one_or_a_list() {
    assert_eq!(one("").audiences, ["gateway"]);
    let several = parse(r#"[{"issuer":"https://i.example","audience":["a","b"]}]"#).expect("issuer");
    assert_eq!(several[0].audiences, ["a", "b"]);
}

#[test]
fn claims_are_the_gateways_own_unless_said() {
    assert_eq!(one("").claims, Claims::default());
    let claims = one(r#","claims":{"subject":"/oid","organisation":"/tid","processor":"/via/id",
        "roles":["/realm_access/roles","/resource_access/gate~1way/roles"]},
        "roles":{"kela-officer":"officer"},"organisations":{"a-b":"0246246-0"}"#)
    .claims;
    assert_eq!(claims.subject, Pointer::to(["oid"]));
    assert_eq!(claims.organisation, Pointer::to(["tid"]));
    assert_eq!(claims.processor, Pointer::to(["via", "id"]));
    let places = ["realm_access", "roles"];
    assert_eq!(
        claims.roles,
        Roles::At(vec![Pointer::to(places), Pointer::to(["resource_access", "gate/way", "roles"])])
    );
    assert_eq!(claims.role_names.expect("names")["kela-officer"], Role::Officer);
    assert_eq!(claims.organisations.expect("values")["a-b"].to_string(), "0246246-0");
}

#[test]
fn token_types_may_be_narrowed() {
    assert_eq!(one("").token_types, None);
    assert_eq!(one(r#","token_types":"at+jwt""#).token_types, Some(vec![TokenType::AccessToken]));
    let both = one(r#","token_types":["JWT","application/at+jwt"]"#);
    assert_eq!(both.token_types, Some(vec![TokenType::Jwt, TokenType::AccessToken]));
}

#[test]
fn every_fault_names_its_item_and_member_and_never_the_value() {
    for (members, fault) in [
        (r#","jwks_url":"ftp://secret""#, "item 0: `jwks_url` is not https"),
        (r#","jwks_url":"file:///etc/secret""#, "item 0: `jwks_url` is not https"),
        (r#","jwks_url":"secret""#, "item 0: `jwks_url` is no address"),
        (r#","jwks_url":"https://user:secret@i.example/""#, "item 0: `jwks_url` has a user or password"),
        (r#","jwks_url":5"#, "item 0: `jwks_url` is no text"),
        (
            r#","jwks_url":"https://i.example/","jwks_file":"f""#,
            "item 0: `jwks_file` stands beside jwks_url; give one, or neither",
        ),
        (r#","jwks_fle":"keys.json""#, "item 0: `jwks_fle` is not known"),
        (r#","claims":{"sub":"/sub"}"#, "item 0: `claims`: `sub` is not known"),
        (r#","claims":"secret""#, "item 0: `claims` is no object"),
        (
            r#","claims":{"subject":"secret"}"#,
            "item 0: `claims`: `subject` is no JSON pointer to a claim, such as `/sub`",
        ),
        (r#","claims":{"roles":[]}"#, "item 0: `claims`: `roles` is a list of none or of too many"),
        (r#","claims":{"roles":[1]}"#, "item 0: `claims`: `roles` is neither a text nor a list of texts"),
        (r#","roles":{"a":"secret"}"#, "item 0: `roles`: `a` means a role that is none"),
        (r#","roles":{"a":1}"#, "item 0: `roles`: `a` means a role that is none"),
        (r#","roles":{}"#, "item 0: `roles` says nothing"),
        (r#","roles":["officer"]"#, "item 0: `roles` is no object"),
        (r#","organisations":{"a":"0246246-1"}"#, "item 0: `organisations`: `a` means no business id"),
        (r#","token_types":[]"#, "item 0: `token_types` is a list of none"),
        (r#","token_types":["secret"]"#, "item 0: `token_types` names one that is neither `at+jwt` nor `JWT`"),
    ] {
        assert_eq!(with(members), Err(fault.to_owned()), "{members}");
    }
    for (list, fault) in [
        (json!({}), "is not a list"),
        (json!([1]), "item 0 is no object"),
        (json!([{ "audience": "a" }]), "item 0: `issuer` is missing"),
        (json!([{ "issuer": "https://i.example" }]), "item 0: `audience` is missing"),
        (json!([{ "issuer": "", "audience": "a", "jwks_file": "f" }]), "item 0: `issuer` is empty or too long"),
        (
            json!([{ "issuer": "i", "audience": ["a", ""], "jwks_file": "f" }]),
            "item 0: `audience` is empty or too long",
        ),
        (
            json!([{ "issuer": "i", "audience": [], "jwks_file": "f" }]),
            "item 0: `audience` is a list of none or of too many",
        ),
        (
            json!([{ "issuer": "https://i.example/?x", "audience": "a" }]),
            "item 0: `issuer` is no https address at which keys are found; give jwks_url or jwks_file",
        ),
        (
            json!([
                { "issuer": "i", "audience": "a", "jwks_file": "f" },
                { "issuer": "i", "audience": "b", "jwks_file": "f" },
            ]),
            "item 1: `issuer` is that of item 0; one item may list several audiences",
        ),
    ] {
        assert_eq!(parse(&list.to_string()), Err(fault.to_owned()), "{list}");
    }
    let twice = parse(r#"[{"issuer":"i","issuer":"j"}]"#).expect_err("twice");
    assert!(twice.contains("member `issuer` is there twice"), "{twice}");
    assert_eq!(parse("[]"), Ok(Vec::new()));
}

#[test]
fn examples_of_the_documentation_are_read() {
    let page = include_str!("../../../../docs/identity.md");
    let examples: Vec<_> = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let issuers: Vec<_> = examples.iter().map(|example| parse(example).expect(example)).collect();
    assert_eq!(issuers.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
    let [keycloak, entra] = [&issuers[1][0].claims, &issuers[2][0].claims];
    assert!(matches!(&keycloak.roles, Roles::At(places) if places.len() == 2) && keycloak.role_names.is_some());
    assert_eq!((&entra.subject, &entra.organisation), (&Pointer::to(["oid"]), &Pointer::to(["tid"])));
    assert!(entra.organisations.is_some() && issuers[2][0].token_types == Some(vec![TokenType::Jwt]));
}
