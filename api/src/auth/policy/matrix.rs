//! The matrix: every root field, and the roles that may ask it.

use crate::{
    Error,
    auth::{Role, Viewer},
};

use Role::{Administrator, Auditor, Officer, Statistician, SubjectService, System};

/// Row of the matrix: a root field, whether nobody in particular may ask it where anonymous reading is allowed, and the
/// roles that may. What is shown of the answer depends on the side and on publicity.
pub struct Row {
    /// Root field, as in the SDL.
    pub field: &'static str,
    /// Whether a caller without a token may ask, where `ANONYMOUS_READ` allows such callers at all.
    pub anonymous: bool,
    /// Roles that may ask.
    pub roles: &'static [Role],
}

const ALL: &[Role] = &Role::ALL;
const PARTIES: &[Role] = &[Officer, System, Auditor];
const READERS: &[Role] = &[Officer, System, Auditor, Administrator];
const OFFICE: &[Role] = &[Officer, Auditor];

/// The role matrix. A test fails for a root field without a row.
#[rustfmt::skip]
pub const MATRIX: &[Row] = &[
    Row { field: "node",                  anonymous: true,  roles: ALL },
    Row { field: "viewer",                anonymous: true,  roles: ALL },
    Row { field: "organisation",          anonymous: true,  roles: ALL },
    Row { field: "organisations",         anonymous: true,  roles: ALL },
    Row { field: "legalBasis",            anonymous: true,  roles: ALL },
    Row { field: "legalBases",            anonymous: true,  roles: ALL },
    Row { field: "registers",             anonymous: true,  roles: ALL },
    Row { field: "purposes",              anonymous: true,  roles: ALL },
    Row { field: "mandateThemes",         anonymous: true,  roles: ALL },
    Row { field: "mandatingRights",       anonymous: false, roles: READERS },
    Row { field: "entitlements",          anonymous: true,  roles: ALL },
    Row { field: "agreement",             anonymous: true,  roles: ALL },
    Row { field: "agreements",            anonymous: true,  roles: ALL },
    Row { field: "accessScope",           anonymous: false, roles: PARTIES },
    Row { field: "accessDecision",        anonymous: false, roles: PARTIES },
    Row { field: "accessDecisions",       anonymous: false, roles: PARTIES },
    Row { field: "expirations",           anonymous: false, roles: READERS },
    Row { field: "protectionStatements",  anonymous: false, roles: OFFICE },
    Row { field: "protectionCatalogue",   anonymous: true,  roles: ALL },
    Row { field: "inquiries",             anonymous: false, roles: OFFICE },
    Row { field: "incidents",             anonymous: false, roles: OFFICE },
    Row { field: "proposals",             anonymous: false, roles: &[Administrator] },
    Row { field: "disclosures",           anonymous: false, roles: PARTIES },
    Row { field: "subjectDisclosures",    anonymous: false, roles: &[Officer, Auditor, SubjectService] },
    Row { field: "log",                   anonymous: true,  roles: ALL },
    Row { field: "disclosureStatistics",  anonymous: false, roles: &[Officer, System, Auditor, Statistician] },
    Row { field: "anomalies",             anonymous: false, roles: OFFICE },
    Row { field: "unusedScopeItems",      anonymous: false, roles: PARTIES },
    Row { field: "simulate",              anonymous: false, roles: OFFICE },
    Row { field: "changes",               anonymous: false, roles: READERS },
    Row { field: "webhooks",              anonymous: false, roles: &[Officer, Auditor, Administrator] },
    Row { field: "agreementChanged",      anonymous: false, roles: PARTIES },
    Row { field: "accessScopeChanged",    anonymous: false, roles: PARTIES },
    Row { field: "anomalyRaised",         anonymous: false, roles: OFFICE },
    Row { field: "registerOrganisation",  anonymous: false, roles: &[Administrator] },
    Row { field: "amendOrganisation",     anonymous: false, roles: &[Administrator] },
    Row { field: "dissolveOrganisation",  anonymous: false, roles: &[Administrator] },
    Row { field: "proposeKey",            anonymous: false, roles: &[Administrator] },
    Row { field: "confirmKey",            anonymous: false, roles: &[Administrator] },
    Row { field: "revokeKey",             anonymous: false, roles: &[Administrator] },
    Row { field: "rejectProposal",        anonymous: false, roles: &[Administrator] },
    Row { field: "proposeLegalBasis",     anonymous: false, roles: &[Administrator] },
    Row { field: "confirmLegalBasis",     anonymous: false, roles: &[Administrator] },
    Row { field: "repealLegalBasis",      anonymous: false, roles: &[Administrator] },
    Row { field: "proposeEntitlement",    anonymous: false, roles: &[Administrator] },
    Row { field: "confirmEntitlement",    anonymous: false, roles: &[Administrator] },
    Row { field: "endEntitlement",        anonymous: false, roles: &[Administrator] },
    Row { field: "appointContact",        anonymous: false, roles: &[Officer] },
    Row { field: "amendContact",          anonymous: false, roles: &[Officer] },
    Row { field: "confirmContact",        anonymous: false, roles: &[Officer] },
    Row { field: "retireContact",         anonymous: false, roles: &[Officer] },
    Row { field: "offerRegister",         anonymous: false, roles: &[Officer] },
    Row { field: "amendRegister",         anonymous: false, roles: &[Officer] },
    Row { field: "addDataItem",           anonymous: false, roles: &[Officer] },
    Row { field: "retireDataItem",        anonymous: false, roles: &[Officer] },
    Row { field: "createAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "draftAgreement",        anonymous: false, roles: &[Officer] },
    Row { field: "amendAgreement",        anonymous: false, roles: &[Officer] },
    Row { field: "addAgreementBasis",     anonymous: false, roles: &[Officer] },
    Row { field: "reviewAgreementBasis",  anonymous: false, roles: &[Officer] },
    Row { field: "confirmAgreementBasis", anonymous: false, roles: &[Officer] },
    Row { field: "offerAgreement",        anonymous: false, roles: &[Officer] },
    Row { field: "rejectAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "withdrawAgreement",     anonymous: false, roles: &[Officer] },
    Row { field: "terminateAgreement",    anonymous: false, roles: &[Officer] },
    Row { field: "renewAgreement",        anonymous: false, roles: &[Officer] },
    Row { field: "addAgreementParty",     anonymous: false, roles: &[Officer] },
    Row { field: "suspendAgreement",      anonymous: false, roles: &[Officer] },
    Row { field: "resumeAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "defineScope",           anonymous: false, roles: &[Officer] },
    Row { field: "markScopeImplemented",  anonymous: false, roles: &[Officer] },
    Row { field: "markScopeTested",       anonymous: false, roles: &[Officer] },
    Row { field: "openScope",             anonymous: false, roles: &[Officer] },
    Row { field: "suspendScope",          anonymous: false, roles: &[Officer] },
    Row { field: "resumeScope",           anonymous: false, roles: &[Officer] },
    Row { field: "closeScope",            anonymous: false, roles: &[Officer] },
    Row { field: "acceptAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "signAgreement",         anonymous: false, roles: &[Officer] },
    Row { field: "revokeSignature",       anonymous: false, roles: &[Officer] },
    Row { field: "activateAgreement",     anonymous: false, roles: &[Officer] },
    Row { field: "addOnwardRule",         anonymous: false, roles: &[Officer] },
    Row { field: "endOnwardRule",         anonymous: false, roles: &[Officer] },
    Row { field: "planAdoptionStep",      anonymous: false, roles: &[Officer] },
    Row { field: "declareAdoptionStep",   anonymous: false, roles: &[Officer] },
    Row { field: "submitProtectionStatement", anonymous: false, roles: &[Officer] },
    Row { field: "reviewProtectionStatement", anonymous: false, roles: &[Officer] },
    Row { field: "withdrawProtectionStatement", anonymous: false, roles: &[Officer] },
    Row { field: "reportIncident",        anonymous: false, roles: &[Officer] },
    Row { field: "recordAuthorityNotice", anonymous: false, roles: &[Officer] },
    Row { field: "closeIncident",         anonymous: false, roles: &[Officer] },
    Row { field: "grantAccess",           anonymous: false, roles: &[Officer] },
    Row { field: "revokeAccess",          anonymous: false, roles: &[Officer] },
    Row { field: "registerPurpose",       anonymous: false, roles: &[Administrator] },
    Row { field: "registerMandateTheme",  anonymous: false, roles: &[Administrator] },
    Row { field: "advanceMandateTheme",   anonymous: false, roles: &[Administrator] },
    Row { field: "applyMandatingRight",   anonymous: false, roles: &[Officer] },
    Row { field: "decideMandatingRight",  anonymous: false, roles: &[Officer, Administrator] },
    Row { field: "askLegalBasis",         anonymous: false, roles: &[Officer] },
    Row { field: "answerInquiry",         anonymous: false, roles: &[Officer] },
    Row { field: "reviewUsage",           anonymous: false, roles: &[Officer] },
    Row { field: "decideAnomaly",         anonymous: false, roles: &[Officer] },
    Row { field: "registerWebhook",       anonymous: false, roles: &[Officer] },
    Row { field: "pauseWebhook",          anonymous: false, roles: &[Officer] },
    Row { field: "resumeWebhook",         anonymous: false, roles: &[Officer] },
    Row { field: "rotateWebhookSecret",   anonymous: false, roles: &[Officer] },
    Row { field: "retireWebhook",         anonymous: false, roles: &[Officer] },
    Row { field: "recordDisclosures",     anonymous: false, roles: &[Officer, System] },
    Row { field: "withholdDisclosure",    anonymous: false, roles: &[Officer] },
    Row { field: "authoriseDisclosure",   anonymous: false, roles: &[Officer, System] },
];

/// Whether a root field may be asked at all.
///
/// # Errors
/// Unauthenticated without a token where one is needed; forbidden for other roles.
pub fn admit(viewer: &Viewer, field: &str) -> Result<(), Error> {
    let row = MATRIX.iter().find(|row| row.field == field).ok_or(Error::Forbidden)?;
    match &viewer.subject {
        None if row.anonymous => Ok(()),
        None => Err(Error::without_token("this needs a token")),
        Some(_) if viewer.roles.iter().any(|role| row.roles.contains(role)) => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}
