//! What a caller may be to the gateway, as its token says.

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
