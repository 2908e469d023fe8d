//! Who asks: the verified claims of a token, and nothing else.

use entity::vocabulary::BusinessId;

/// Role of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Keeps organisations, law and catalogues; sees no disclosures.
    Administrator,
    /// Acts for its organisation.
    Officer,
    /// System of its organisation.
    System,
    /// Reads everything of its organisation; of all when it is the data-protection authority.
    Auditor,
    /// Reads rounded statistics.
    Statistician,
    /// Shows persons their own disclosures.
    SubjectService,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Administrator, Self::Officer, Self::System, Self::Auditor, Self::Statistician, Self::SubjectService];

    /// Name in the `roles` claim.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Officer => "officer",
            Self::System => "system",
            Self::Auditor => "auditor",
            Self::Statistician => "statistician",
            Self::SubjectService => "subject_service",
        }
    }

    /// Role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

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
