//! What the claims of an issuer say of a caller: where, and in which words.

use std::collections::BTreeMap;

use entity::vocabulary::BusinessId;

use super::members::Members;
use crate::{json::Pointer, role::Role};

/// Places that may hold roles; Keycloak has one for the realm and one for each client.
const ROLE_PLACES_MAX: usize = 10;

/// Where an issuer's tokens say who the caller is. Unless said, in the gateway's own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Subject: `/sub`.
    pub subject: Pointer,
    /// Organisation the caller acts for: `/org`.
    pub organisation: Pointer,
    /// Roles: `/roles`.
    pub roles: Roles,
    /// Processor that acts for the organisation: `/act/org`.
    pub processor: Pointer,
    /// Role of each name that has one; null where names are the gateway's own.
    pub role_names: Option<BTreeMap<String, Role>>,
    /// Organisation of each value that has one; null where values are business ids.
    pub organisations: Option<BTreeMap<String, BusinessId>>,
}

/// Where roles stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roles {
    /// Claim `roles`, a list.
    Own,
    /// Elsewhere: each a list, or one text of names separated by spaces.
    At(Vec<Pointer>),
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            subject: Pointer::to(["sub"]),
            organisation: Pointer::to(["org"]),
            roles: Roles::Own,
            processor: Pointer::to(["act", "org"]),
            role_names: None,
            organisations: None,
        }
    }
}

impl Claims {
    pub(super) fn read(given: &mut Members) -> Result<Self, String> {
        let own = Self::default();
        let role_names = given.meanings("roles", |name| Role::from_name(name).ok_or("means a role that is none"))?;
        let organisations =
            given.meanings("organisations", |id| id.parse::<BusinessId>().map_err(|_| "means no business id"))?;
        let claims = Self {
            role_names: role_names.map(|names| names.into_iter().collect()),
            organisations: organisations.map(|values| values.into_iter().collect()),
            ..own
        };
        let Some(mut places) = given.object("claims")? else { return Ok(claims) };
        let roles = match places.texts("roles")? {
            None => Roles::Own,
            Some(texts) if (1..=ROLE_PLACES_MAX).contains(&texts.len()) => {
                Roles::At(texts.iter().map(|text| pointer(&places, "roles", text)).collect::<Result<_, _>>()?)
            }
            Some(_) => return Err(places.fault("roles", "is a list of none or of too many")),
        };
        let claims = Self {
            subject: at(&mut places, "subject")?.unwrap_or(claims.subject),
            organisation: at(&mut places, "organisation")?.unwrap_or(claims.organisation),
            processor: at(&mut places, "processor")?.unwrap_or(claims.processor),
            roles,
            ..claims
        };
        places.end()?;
        Ok(claims)
    }
}

fn at(places: &mut Members, member: &str) -> Result<Option<Pointer>, String> {
    places.text(member)?.map(|text| pointer(places, member, &text)).transpose()
}

fn pointer(places: &Members, member: &str, text: &str) -> Result<Pointer, String> {
    Pointer::parse(text).ok_or_else(|| places.fault(member, "is no JSON pointer to a claim, such as `/sub`"))
}
