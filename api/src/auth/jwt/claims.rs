//! Claims of a signed token: for whom it is, when it holds, and whom it names.

use chrono::{DateTime, TimeDelta};
use entity::vocabulary::{BusinessId, Instant, contains_personal_identity_code, has_no_width};
use serde_json::{Map, Number, Value};

use super::super::{AuthFault, Viewer};
use crate::{
    config::{Claims, Roles},
    json::Pointer,
    role::Role,
};

/// Seconds by which clocks of issuer and gateway may differ.
pub const LEEWAY_SECONDS: i64 = 30;

/// Characters of a subject; the journal keeps it as the actor.
pub const SUBJECT_CHARACTERS_MAX: usize = 200;

/// Last second of the year 9999; what lies beyond is not a time.
const SECONDS_MAX: i64 = 253_402_300_799;

/// Whether it is meant for one of our names.
pub(super) fn for_audience(claims: &Map<String, Value>, audiences: &[String]) -> Result<(), AuthFault> {
    let ours = |named: &str| audiences.iter().any(|audience| audience == named);
    let is_ours = match claims.get("aud") {
        Some(Value::String(named)) => ours(named),
        Some(Value::Array(named)) => {
            let named: Option<Vec<_>> = named.iter().map(Value::as_str).collect();
            named.ok_or(AuthFault::Claims)?.into_iter().any(ours)
        }
        _ => return Err(AuthFault::Claims),
    };
    if is_ours { Ok(()) } else { Err(AuthFault::Audience) }
}

/// End of its validity, when it holds at `now`.
pub(super) fn in_time(claims: &Map<String, Value>, now: Instant) -> Result<Instant, AuthFault> {
    let leeway = TimeDelta::seconds(LEEWAY_SECONDS);
    let at = |name: &str| claims.get(name).map(instant).transpose();
    let expires_at = at("exp")?.ok_or(AuthFault::Claims)?;
    if now >= expires_at + leeway {
        return Err(AuthFault::Expired);
    }
    if at("nbf")?.is_some_and(|not_before| not_before > now + leeway) {
        return Err(AuthFault::NotYetValid);
    }
    if at("iat")?.is_some_and(|issued_at| issued_at > now + leeway) {
        return Err(AuthFault::IssuedInFuture);
    }
    Ok(expires_at)
}

/// Instant of whole seconds since 1970; a fraction is cut.
fn instant(claim: &Value) -> Result<Instant, AuthFault> {
    let Value::Number(number) = claim else { return Err(AuthFault::Claims) };
    let seconds = seconds(number).filter(|seconds| (0..=SECONDS_MAX).contains(seconds));
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or(AuthFault::Claims)
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be within bounds that i64 holds")]
fn seconds(number: &Number) -> Option<i64> {
    let fraction = || number.as_f64().filter(|seconds| seconds.abs() < 1e15).map(|seconds| seconds.floor() as i64);
    number.as_i64().or_else(fraction)
}

/// Whom it names, in the words of its issuer.
pub(super) fn viewer(claims: &Map<String, Value>, said: &Claims) -> Result<Viewer, AuthFault> {
    let subject = subject(text(claims, &said.subject)?.ok_or(AuthFault::Claims)?.to_owned())?;
    let organisation = text(claims, &said.organisation)?;
    let organisation = organisation.map(|text| business_id(text, said).ok_or(AuthFault::Organisation)).transpose()?;
    let processor = text(claims, &said.processor)?;
    let processor = processor.map(|text| business_id(text, said).ok_or(AuthFault::Processor)).transpose()?;
    let roles = roles(claims, said)?;
    if organisation.is_none() && roles.iter().any(|role| acts_for_an_organisation(*role)) {
        return Err(AuthFault::Organisation);
    }
    if organisation.is_none() && processor.is_some() {
        return Err(AuthFault::Processor);
    }
    Ok(Viewer { subject: Some(subject), organisation, roles, processor })
}

fn text<'c>(claims: &'c Map<String, Value>, place: &Pointer) -> Result<Option<&'c str>, AuthFault> {
    let found = place.find(claims).map_err(|_| AuthFault::Claims)?;
    found.map(|value| value.as_str().ok_or(AuthFault::Claims)).transpose()
}

/// Roles in the order of [`Role`], each once. Names that mean none are those of other services.
fn roles(claims: &Map<String, Value>, said: &Claims) -> Result<Vec<Role>, AuthFault> {
    let mut names = Vec::new();
    match &said.roles {
        Roles::Own => match claims.get("roles") {
            None => {}
            Some(Value::Array(items)) => names.extend(items.iter().map(Value::as_str)),
            Some(_) => return Err(AuthFault::Claims),
        },
        Roles::At(places) => {
            for place in places {
                match place.find(claims).map_err(|_| AuthFault::Claims)? {
                    None => {}
                    Some(Value::Array(items)) => names.extend(items.iter().map(Value::as_str)),
                    Some(Value::String(text)) => names.extend(text.split_ascii_whitespace().map(Some)),
                    Some(_) => return Err(AuthFault::Claims),
                }
            }
        }
    }
    let names = names.into_iter().collect::<Option<Vec<_>>>().ok_or(AuthFault::Claims)?;
    let role = |name: &str| match &said.role_names {
        Some(roles) => roles.get(name).copied(),
        None => Role::from_name(name),
    };
    let mut roles: Vec<_> = names.into_iter().filter_map(role).collect();
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

fn business_id(text: &str, said: &Claims) -> Option<BusinessId> {
    match &said.organisations {
        Some(organisations) => organisations.get(text).copied(),
        None => text.parse().ok(),
    }
}

/// Subject a token may name: a personal identity code must not reach the journal as an actor (1050/2018 29 §).
pub fn subject(text: String) -> Result<String, AuthFault> {
    let characters = text.chars().count();
    let acceptable = (1..=SUBJECT_CHARACTERS_MAX).contains(&characters)
        && text.trim() == text
        && !text.contains(|character: char| character.is_control() || has_no_width(character))
        && !contains_personal_identity_code(&text);
    if acceptable { Ok(text) } else { Err(AuthFault::Subject) }
}

fn acts_for_an_organisation(role: Role) -> bool {
    match role {
        Role::Administrator | Role::Officer | Role::System | Role::Auditor => true,
        Role::Statistician | Role::SubjectService => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapped(mapping: Value, claims: &Value) -> Result<Viewer, AuthFault> {
        let mut item = mapping;
        item["issuer"] = "https://i.example".into();
        item["audience"] = "gateway".into();
        let issuers = json!([item]).to_string();
        let flags = crate::config::Flags::default();
        let config = crate::config::Config::load(&flags, |name| (name == "ISSUERS").then(|| issuers.clone()));
        viewer(claims.as_object().expect("object"), &config.expect("config").issuers[0].claims)
    }

    fn keycloak() -> Value {
        json!({
            "claims": {
                "subject": "/preferred_username",
                "roles": ["/realm_access/roles", "/resource_access/disclosure-gateway/roles"],
            },
            "roles": { "kela-officer": "officer", "kela-auditor": "auditor" },
        })
    }

    #[test]
    fn roles_are_gathered_from_every_place_under_the_issuers_names() {
        let viewer = mapped(
            keycloak(),
            &json!({
                "sub": "0b7c", "preferred_username": "service-account-kela", "org": "0246246-0",
                "realm_access": { "roles": ["offline_access", "kela-auditor"] },
                "resource_access": {
                    "account": { "roles": ["kela-officer"] },
                    "disclosure-gateway": { "roles": ["kela-officer", "kela-auditor"] },
                },
            }),
        )
        .expect("viewer");
        assert_eq!(viewer.subject.as_deref(), Some("service-account-kela"));
        assert_eq!(viewer.roles, [Role::Officer, Role::Auditor]);
    }

    #[test]
    fn only_mapped_names_count_once_names_are_mapped() {
        let claims = |roles: &Value| json!({ "preferred_username": "a", "org": "0246246-0", "realm_access": { "roles": roles } });
        assert_eq!(mapped(keycloak(), &claims(&json!(["administrator", "officer"]))).expect("viewer").roles, []);
        assert_eq!(mapped(keycloak(), &claims(&json!("x kela-officer  y"))).expect("viewer").roles, [Role::Officer]);
        for odd in [json!(["kela-officer", 1]), json!(1), json!({ "kela-officer": true })] {
            assert_eq!(mapped(keycloak(), &claims(&odd)), Err(AuthFault::Claims));
        }
        let odd = json!({ "preferred_username": "a", "org": "0246246-0", "realm_access": "kela-officer" });
        assert_eq!(mapped(keycloak(), &odd), Err(AuthFault::Claims));
    }

    #[test]
    fn organisation_may_be_known_by_another_value() {
        let mapping = json!({
            "claims": { "subject": "/oid", "organisation": "/tid" },
            "organisations": { "7f0c": "0246246-0" },
        });
        let claims = |tenant: &str| json!({ "oid": "a", "tid": tenant, "roles": ["system"] });
        assert_eq!(mapped(mapping.clone(), &claims("7f0c")).expect("viewer").organisation, "0246246-0".parse().ok());
        for other in ["0246246-0", "7f0d", ""] {
            assert_eq!(mapped(mapping.clone(), &claims(other)), Err(AuthFault::Organisation), "{other}");
        }
        let nobody = json!({ "sub": "a", "tid": "7f0c", "roles": [] });
        assert_eq!(mapped(mapping, &nobody), Err(AuthFault::Claims));
    }

    #[test]
    fn processor_that_is_not_where_it_should_be_is_not_overlooked() {
        let claims = |act: &Value| json!({ "sub": "a", "org": "0246246-0", "act": act });
        let processor = |act: &Value| mapped(json!({}), &claims(act)).map(|viewer| viewer.processor);
        assert_eq!(processor(&json!({ "org": "0245437-2" })), Ok("0245437-2".parse().ok()));
        assert_eq!(processor(&json!({ "sub": "b" })), Ok(None));
        assert_eq!(processor(&json!("0245437-2")), Err(AuthFault::Claims));
        assert_eq!(processor(&json!({ "org": ["0245437-2"] })), Err(AuthFault::Claims));
        assert_eq!(processor(&json!({ "org": "x" })), Err(AuthFault::Processor));
    }

    #[test]
    fn subject_is_one_that_everybody_reads_alike() {
        for taken in ["a", "Väinö Mäki", "auth0|5f7c8ec7c33c6c004bbafe82", "va\u{308}ino\u{308}"] {
            assert_eq!(subject(taken.to_owned()).as_deref(), Ok(taken));
        }
        let long = "x".repeat(SUBJECT_CHARACTERS_MAX + 1);
        for refused in
            ["", " ", " a", "a\n", "a\u{202e}b", "a\u{200b}", "\u{feff}a", "131052-308T", "131052 308T", &long]
        {
            assert_eq!(subject(refused.to_owned()), Err(AuthFault::Subject), "{refused:?}");
        }
    }

    #[test]
    fn times_are_numbers_within_time() {
        for exp in
            [json!("1780318800"), json!(null), json!(true), json!([1]), json!(-1), json!(1e300), json!(SECONDS_MAX + 1)]
        {
            assert_eq!(instant(&exp), Err(AuthFault::Claims), "{exp}");
        }
        assert_eq!(instant(&json!(1.9)), instant(&json!(1)));
    }
}
