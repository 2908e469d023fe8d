//! Header `typ` of the tokens a gateway takes.

/// Type of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// `JWT` (RFC 7519): says no more than its form, as most issuers do.
    Jwt,
    /// `at+jwt` (RFC 9068): an access token and nothing else.
    AccessToken,
}

impl TokenType {
    /// Type of a name, as media types are compared; none for tokens of other sorts.
    pub fn parse(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("JWT") {
            Some(Self::Jwt)
        } else if is("at+jwt") || is("application/at+jwt") {
            Some(Self::AccessToken)
        } else {
            None
        }
    }
}
