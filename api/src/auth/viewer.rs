//! Who asks: the verified claims of a token, and nothing else.

use entity::vocabulary::BusinessId;

use crate::role::Role;

/// Verified caller; or nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Viewer {
    /// Subject claim; null for nobody.
    pub subject: Option<String>,
    /// Organisation it acts for.
    pub organisation: Option<BusinessId>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Processor that acts for the organisation (RFC 8693 `act.org`); must be a party of the agreement.
    pub processor: Option<BusinessId>,
}

impl Viewer {
    /// Nobody: no token was given.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Whether it holds a role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Name of the actor in the journal.
    pub fn actor(&self) -> String {
        self.subject.clone().unwrap_or_else(|| "anonymous".to_owned())
    }
}
