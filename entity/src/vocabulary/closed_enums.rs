//! Closed vocabularies: every status, kind, role and code the law or the house knows, each value described once.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Malformed,
    text_column::{TextColumn, text_column},
};

/// Vocabulary whose values are all known and described.
pub trait ClosedEnum: Copy + Eq + Ord + fmt::Debug + Send + Sync + 'static {
    /// Name of the vocabulary.
    const NAME: &'static str;
    /// What the vocabulary says.
    const DESCRIPTION: &'static str;
    /// Every value with its code and description, in order.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// Code of the value, as stored and as said.
    fn code(self) -> &'static str;

    /// Value of a code.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, text, _)| *text == code).map(|(value, _, _)| *value)
    }
}

macro_rules! closed_enums {
    ($(#[doc = $doc:literal] $name:ident { $(#[doc = $value_doc:literal] $variant:ident = $code:literal,)+ })+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $value_doc] #[serde(rename = $code)] $variant,)+
        }

        impl ClosedEnum for $name {
            const NAME: &'static str = stringify!($name);
            const DESCRIPTION: &'static str = $doc;
            const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$variant, $code, $value_doc)),+];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl TextColumn for $name {
            fn read(code: &str) -> Result<Self, Malformed> {
                code.parse()
            }

            fn said(&self) -> &str {
                self.code()
            }
        }

        text_column!($name);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = Malformed;

            fn from_str(code: &str) -> Result<Self, Malformed> {
                Self::from_code(code).ok_or(Malformed { what: stringify!($name), why: "not one of its values" })
            }
        }
    )+

    /// Name and codes of every vocabulary, for checking that the tables list the same.
    pub const VOCABULARIES: &[(&str, &[&str])] = &[$((stringify!($name), &[$($code),+])),+];
    };
}

closed_enums! {
    #[doc = "Legal order an act belongs to."]
    Jurisdiction {
        #[doc = "Finland."]
        Fi = "FI",
        #[doc = "European Union."]
        Eu = "EU",
        #[doc = "Åland."]
        Ax = "AX",
    }

    #[doc = "What sort of body an organisation is. May grow."]
    OrganisationKind {
        #[doc = "State agency."]
        StateAgency = "STATE_AGENCY",
        #[doc = "Social Insurance Institution (Kela)."]
        SocialInsuranceInstitution = "SOCIAL_INSURANCE_INSTITUTION",
        #[doc = "Wellbeing services county."]
        WellbeingCounty = "WELLBEING_COUNTY",
        #[doc = "Municipality."]
        Municipality = "MUNICIPALITY",
        #[doc = "Joint municipal authority."]
        JointMunicipalAuthority = "JOINT_MUNICIPAL_AUTHORITY",
        #[doc = "Municipality of Åland."]
        AlandMunicipality = "ALAND_MUNICIPALITY",
        #[doc = "City of Helsinki, which organises social and health care itself."]
        HelsinkiCity = "HELSINKI_CITY",
        #[doc = "HUS group."]
        HusGroup = "HUS_GROUP",
        #[doc = "Enforcement authority."]
        Enforcement = "ENFORCEMENT",
        #[doc = "Immigration authority."]
        Immigration = "IMMIGRATION",
        #[doc = "Tax authority."]
        Tax = "TAX",
        #[doc = "Pension institution."]
        PensionInstitution = "PENSION_INSTITUTION",
        #[doc = "Centre for Pensions."]
        PensionCentre = "PENSION_CENTRE",
        #[doc = "Unemployment fund."]
        UnemploymentFund = "UNEMPLOYMENT_FUND",
        #[doc = "Workers' Compensation Centre."]
        AccidentInsuranceCentre = "ACCIDENT_INSURANCE_CENTRE",
        #[doc = "Occupational safety authority."]
        OccupationalSafety = "OCCUPATIONAL_SAFETY",
        #[doc = "Body for research and statistics."]
        ResearchStatistics = "RESEARCH_STATISTICS",
        #[doc = "Court or appeal body."]
        CourtOrAppealBody = "COURT_OR_APPEAL_BODY",
        #[doc = "Data-protection authority; audits every agreement."]
        DataProtectionAuthority = "DATA_PROTECTION_AUTHORITY",
        #[doc = "Provider of early childhood education and care."]
        EcecProvider = "ECEC_PROVIDER",
        #[doc = "Education authority."]
        EducationAuthority = "EDUCATION_AUTHORITY",
        #[doc = "Guardianship authority."]
        Guardianship = "GUARDIANSHIP",
        #[doc = "Other private body."]
        PrivateBody = "PRIVATE_BODY",
        #[doc = "Foreign authority."]
        ForeignAuthority = "FOREIGN_AUTHORITY",
    }

    #[doc = "How 906/2019 treats an organisation."]
    AuthorityStatus {
        #[doc = "Authority; 22 and 23 § apply."]
        Authority = "AUTHORITY",
        #[doc = "Body with a public task; 24 § applies."]
        PublicTaskBody = "PUBLIC_TASK_BODY",
        #[doc = "Private body; 24 § applies."]
        Private = "PRIVATE",
    }

    #[doc = "Where a business ID was taken from."]
    IdentifierSource {
        #[doc = "Business Information System."]
        Ytj = "YTJ",
        #[doc = "Another public source."]
        PublicSource = "PUBLIC_SOURCE",
        #[doc = "From memory; to be verified."]
        Memory = "MEMORY",
        #[doc = "Made up for a sample or test."]
        Synthetic = "SYNTHETIC",
    }

    #[doc = "Who may know of a thing."]
    Publicity {
        #[doc = "Everyone."]
        Public = "PUBLIC",
        #[doc = "Its parties and their supervisors."]
        PublicationRestricted = "PUBLICATION_RESTRICTED",
        #[doc = "Its parties only, by a secrecy provision."]
        Secret = "SECRET",
    }

    #[doc = "Language of names and texts."]
    Language {
        #[doc = "Finnish."]
        Fi = "FI",
        #[doc = "Swedish."]
        Sv = "SV",
        #[doc = "English."]
        En = "EN",
    }

    #[doc = "Role of a mailbox."]
    ContactRole {
        #[doc = "Technical support; the first to ask (R9)."]
        TechnicalSupport = "TECHNICAL_SUPPORT",
        #[doc = "Desk for agreements and rights to information (R34)."]
        DataExchangeDesk = "DATA_EXCHANGE_DESK",
        #[doc = "Data protection officer."]
        DataProtectionOfficer = "DATA_PROTECTION_OFFICER",
        #[doc = "Information security manager."]
        InformationSecurityManager = "INFORMATION_SECURITY_MANAGER",
        #[doc = "Owner of the agreement."]
        AgreementOwner = "AGREEMENT_OWNER",
        #[doc = "Lawyer."]
        LegalOfficer = "LEGAL_OFFICER",
        #[doc = "Who grants Suomi.fi mandates to employees."]
        MandateGrantor = "MANDATE_GRANTOR",
        #[doc = "System administrator."]
        SystemAdministrator = "SYSTEM_ADMINISTRATOR",
        #[doc = "Supervising authority's desk."]
        Supervisor = "SUPERVISOR",
        #[doc = "Controller of the register."]
        RegisterController = "REGISTER_CONTROLLER",
        #[doc = "Statistics desk."]
        StatisticsDesk = "STATISTICS_DESK",
    }

    #[doc = "Matter a mailbox answers."]
    ContactTopic {
        #[doc = "Agreements."]
        Agreement = "AGREEMENT",
        #[doc = "Use of the service."]
        ServiceUse = "SERVICE_USE",
        #[doc = "Rights to information."]
        LegalBasis = "LEGAL_BASIS",
        #[doc = "Technical matters."]
        Technical = "TECHNICAL",
        #[doc = "Data protection."]
        DataProtection = "DATA_PROTECTION",
        #[doc = "Information security."]
        Security = "SECURITY",
        #[doc = "Suomi.fi mandates."]
        Mandate = "MANDATE",
    }

    #[doc = "What a provision does for an agreement."]
    BasisRole {
        #[doc = "Gives the recipient the right to the data."]
        RightToReceive = "RIGHT_TO_RECEIVE",
        #[doc = "Lets the discloser give the data."]
        RightToDisclose = "RIGHT_TO_DISCLOSE",
        #[doc = "Lets a non-authority process the data (906/2019 24 §)."]
        RightToProcess = "RIGHT_TO_PROCESS",
        #[doc = "Allows the means of disclosure (906/2019 22–24 §)."]
        Mode = "MODE",
        #[doc = "Sets a step before opening, such as a protection statement."]
        Procedure = "PROCEDURE",
        #[doc = "Applies notwithstanding secrecy."]
        SecrecyOverride = "SECRECY_OVERRIDE",
        #[doc = "Lets data travel on."]
        Onward = "ONWARD",
        #[doc = "Sets how necessary the data must be."]
        NecessityThreshold = "NECESSITY_THRESHOLD",
        #[doc = "Gives the person a right."]
        DataSubjectRight = "DATA_SUBJECT_RIGHT",
    }

    #[doc = "Whether a provision carries what it is cited for."]
    Adequacy {
        #[doc = "Not reviewed yet; carries nothing."]
        Unreviewed = "UNREVIEWED",
        #[doc = "Carries it."]
        Adequate = "ADEQUATE",
        #[doc = "Only defines a term; carries nothing."]
        DefinitionOnly = "DEFINITION_ONLY",
        #[doc = "Does not reach this far; carries nothing."]
        TooNarrow = "TOO_NARROW",
        #[doc = "Repealed; carries nothing."]
        Repealed = "REPEALED",
        #[doc = "Disputed; carries nothing."]
        Disputed = "DISPUTED",
    }

    #[doc = "How strongly data must be needed. The two words of the law are different thresholds."]
    Threshold {
        #[doc = "Needed (tarpeellinen)."]
        Needed = "NEEDED",
        #[doc = "Necessary (välttämätön)."]
        Necessary = "NECESSARY",
    }

    #[doc = "How a wording was verified."]
    Evidence {
        #[doc = "Read in the act."]
        PrimaryText = "PRIMARY_TEXT",
        #[doc = "Read in another source."]
        Secondary = "SECONDARY",
        #[doc = "From memory; to be verified."]
        Memory = "MEMORY",
    }

    #[doc = "Where a proposal of one administrator stands with another."]
    ProposalStatus {
        #[doc = "Proposed; has no effect yet."]
        Proposed = "PROPOSED",
        #[doc = "Confirmed by another."]
        Confirmed = "CONFIRMED",
        #[doc = "Withdrawn or revoked."]
        Revoked = "REVOKED",
    }

    #[doc = "Means of disclosure. The law prefers them in this order."]
    Channel {
        #[doc = "Technical interface (906/2019 22 §)."]
        TechnicalInterface = "TECHNICAL_INTERFACE",
        #[doc = "Viewing connection (906/2019 23 §)."]
        ViewingConnection = "VIEWING_CONNECTION",
        #[doc = "Other electronic means (906/2019 22 § 1 mom)."]
        Other = "OTHER",
    }

    #[doc = "Way to data other than an agreement (R36)."]
    AlternativeKind {
        #[doc = "The person's consent."]
        Consent = "CONSENT",
        #[doc = "Request by telephone with grounds."]
        PhoneRequest = "PHONE_REQUEST",
        #[doc = "Request in writing."]
        WrittenRequest = "WRITTEN_REQUEST",
        #[doc = "Incomes Register."]
        IncomesRegister = "INCOMES_REGISTER",
    }

    #[doc = "What is done with an item."]
    Operation {
        #[doc = "Read about one subject."]
        Read = "READ",
        #[doc = "Receive a list of subjects."]
        List = "LIST",
        #[doc = "Receive a notice."]
        Notify = "NOTIFY",
        #[doc = "Register a claim."]
        Claim = "CLAIM",
        #[doc = "Forward a matter."]
        Forward = "FORWARD",
    }

    #[doc = "Where the definition of a mandate theme stands."]
    MandateThemeStatus {
        #[doc = "Need identified."]
        Identified = "IDENTIFIED",
        #[doc = "Requested from the mandate register."]
        Requested = "REQUESTED",
        #[doc = "Defined; not usable yet."]
        Defined = "DEFINED",
        #[doc = "Usable; its content can no longer change."]
        Active = "ACTIVE",
        #[doc = "No new mandates; existing ones stay valid."]
        Hidden = "HIDDEN",
    }

    #[doc = "Where a right to grant mandates stands."]
    MandatingRightStatus {
        #[doc = "Applied for."]
        Applied = "APPLIED",
        #[doc = "Granted."]
        Granted = "GRANTED",
        #[doc = "Rejected."]
        Rejected = "REJECTED",
        #[doc = "Revoked."]
        Revoked = "REVOKED",
    }

    #[doc = "Status of a protection statement."]
    StatementStatus {
        #[doc = "Draft."]
        Draft = "DRAFT",
        #[doc = "Submitted to the discloser."]
        Submitted = "SUBMITTED",
        #[doc = "Under review."]
        UnderReview = "UNDER_REVIEW",
        #[doc = "Returned for completion."]
        Returned = "RETURNED",
        #[doc = "Approved."]
        Approved = "APPROVED",
        #[doc = "Rejected."]
        Rejected = "REJECTED",
        #[doc = "Replaced by a later version."]
        Superseded = "SUPERSEDED",
        #[doc = "Withdrawn."]
        Withdrawn = "WITHDRAWN",
    }

    #[doc = "Answer to a question of the protection catalogue."]
    StatementAnswerKind {
        #[doc = "Yes."]
        Yes = "YES",
        #[doc = "No."]
        No = "NO",
        #[doc = "In part."]
        Partial = "PARTIAL",
        #[doc = "Does not apply."]
        NotApplicable = "NOT_APPLICABLE",
    }

    #[doc = "Sort of agreement."]
    AgreementKind {
        #[doc = "Agreement of two parties."]
        Agreement = "AGREEMENT",
        #[doc = "Permit to data (621/1999 28 §)."]
        Permit = "PERMIT",
    }

    #[doc = "Stored status of an agreement; expiry is computed, never stored."]
    AgreementStatus {
        #[doc = "Imported with gaps; permits nothing."]
        RegisteredIncomplete = "REGISTERED_INCOMPLETE",
        #[doc = "Draft."]
        Draft = "DRAFT",
        #[doc = "Legal basis confirmed."]
        BasisConfirmed = "BASIS_CONFIRMED",
        #[doc = "Offered; under negotiation."]
        Negotiation = "NEGOTIATION",
        #[doc = "Signed by both."]
        Signed = "SIGNED",
        #[doc = "Activated."]
        Active = "ACTIVE",
        #[doc = "Suspended."]
        Suspended = "SUSPENDED",
        #[doc = "Terminated."]
        Terminated = "TERMINATED",
        #[doc = "Replaced by another agreement."]
        Superseded = "SUPERSEDED",
        #[doc = "Rejected."]
        Rejected = "REJECTED",
        #[doc = "Withdrawn by its drafter."]
        Withdrawn = "WITHDRAWN",
    }

    #[doc = "Why an agreement ended before its time."]
    TerminationReason {
        #[doc = "Its legal basis was repealed."]
        BasisRepealed = "BASIS_REPEALED",
        #[doc = "A party was dissolved."]
        PartyDissolved = "PARTY_DISSOLVED",
        #[doc = "Breach."]
        Breach = "BREACH",
        #[doc = "By mutual consent."]
        Mutual = "MUTUAL",
        #[doc = "Notice given by a party."]
        Notice = "NOTICE",
        #[doc = "Replaced by another agreement."]
        Replaced = "REPLACED",
    }

    #[doc = "Why an agreement or scope was suspended."]
    SuspensionReason {
        #[doc = "Misuse."]
        Misuse = "MISUSE",
        #[doc = "Anomalous retrieval."]
        Anomaly = "ANOMALY",
        #[doc = "Protection statement lapsed."]
        StatementExpired = "STATEMENT_EXPIRED",
        #[doc = "Legal basis under doubt."]
        BasisFlagged = "BASIS_FLAGGED",
        #[doc = "Another reason, given in words."]
        Other = "OTHER",
    }

    #[doc = "Role of a further party."]
    PartyRole {
        #[doc = "Processor on behalf of a party."]
        Processor = "PROCESSOR",
        #[doc = "Technical operator."]
        TechnicalOperator = "TECHNICAL_OPERATOR",
        #[doc = "Joint controller."]
        JointController = "JOINT_CONTROLLER",
    }

    #[doc = "What a party did with a content version."]
    SignatureAct {
        #[doc = "Accepted."]
        Accepted = "ACCEPTED",
        #[doc = "Signed."]
        Signed = "SIGNED",
        #[doc = "Rejected."]
        Rejected = "REJECTED",
        #[doc = "Revoked an earlier act."]
        Revoked = "REVOKED",
    }

    #[doc = "Evidence of a signature."]
    SignatureEvidence {
        #[doc = "Digital signature by the party's registered key."]
        Jws = "JWS",
        #[doc = "Document signed electronically elsewhere."]
        ESignature = "E_SIGNATURE",
        #[doc = "Signed paper."]
        Paper = "PAPER",
    }

    #[doc = "Whether disclosures recur."]
    Regularity {
        #[doc = "Recurring with fixed content (906/2019 22 § 1 mom)."]
        RecurringFixed = "RECURRING_FIXED",
        #[doc = "As the need arises."]
        AdHoc = "AD_HOC",
    }

    #[doc = "Stored status of a scope."]
    ScopeStatus {
        #[doc = "Content defined."]
        Defined = "DEFINED",
        #[doc = "Implemented."]
        Implemented = "IMPLEMENTED",
        #[doc = "Tested by another than the implementer."]
        Tested = "TESTED",
        #[doc = "Open."]
        Open = "OPEN",
        #[doc = "Suspended."]
        Suspended = "SUSPENDED",
        #[doc = "Closed."]
        Closed = "CLOSED",
    }

    #[doc = "How case-by-case need is ensured (906/2019 22 § 2 mom)."]
    NecessityCheck {
        #[doc = "A case reference with each request."]
        CaseReference = "CASE_REFERENCE",
        #[doc = "A check of the client relationship."]
        ClientRelationshipCheck = "CLIENT_RELATIONSHIP_CHECK",
        #[doc = "A check of a pending matter."]
        PendingMatterCheck = "PENDING_MATTER_CHECK",
        #[doc = "A check of consent."]
        ConsentCheck = "CONSENT_CHECK",
        #[doc = "A declaration, sampled afterwards."]
        DeclarationWithSampling = "DECLARATION_WITH_SAMPLING",
    }

    #[doc = "Why a technical interface is not appropriate (906/2019 22 § 1 mom)."]
    ModeJustification {
        #[doc = "Technically."]
        TechnicallyInappropriate = "TECHNICALLY_INAPPROPRIATE",
        #[doc = "Economically."]
        EconomicallyInappropriate = "ECONOMICALLY_INAPPROPRIATE",
        #[doc = "Both."]
        Both = "BOTH",
    }

    #[doc = "What admits an end user to a scope."]
    Admission {
        #[doc = "Nothing further."]
        None = "NONE",
        #[doc = "A Suomi.fi mandate."]
        Mandate = "MANDATE",
        #[doc = "An access grant decided by the supervisor."]
        Grant = "GRANT",
    }

    #[doc = "Whose data a scope item reaches."]
    Population {
        #[doc = "The recipient's own clients."]
        OwnClients = "OWN_CLIENTS",
        #[doc = "Residents of the recipient's municipality."]
        OwnMunicipality = "OWN_MUNICIPALITY",
        #[doc = "Persons with a pending matter."]
        PendingMatter = "PENDING_MATTER",
        #[doc = "Everyone in the register."]
        All = "ALL",
    }

    #[doc = "To whom data may travel on."]
    OnwardRecipientKind {
        #[doc = "The applicant, a party of the matter."]
        Applicant = "APPLICANT",
        #[doc = "Provider of early childhood education and care."]
        EcecProvider = "ECEC_PROVIDER",
        #[doc = "Appeal body."]
        AppealBody = "APPEAL_BODY",
    }

    #[doc = "Why an access grant was revoked."]
    RevocationReason {
        #[doc = "The task ended."]
        TaskEnded = "TASK_ENDED",
        #[doc = "Change of job."]
        JobChange = "JOB_CHANGE",
        #[doc = "Employment ended."]
        EmploymentEnded = "EMPLOYMENT_ENDED",
        #[doc = "Misuse."]
        Misuse = "MISUSE",
    }

    #[doc = "What became of a row in a change."]
    RowChange {
        #[doc = "It came to be."]
        Added = "ADDED",
        #[doc = "It stood and changed."]
        Changed = "CHANGED",
        #[doc = "It went."]
        Removed = "REMOVED",
    }

    #[doc = "What deciding a disclosure again, on the facts it was judged on, comes to."]
    ReplayComparison {
        #[doc = "The same as is recorded."]
        Same = "SAME",
        #[doc = "Other than is recorded."]
        Different = "DIFFERENT",
        #[doc = "What the difference rests on was not recorded, or has been erased since."]
        Undecidable = "UNDECIDABLE",
    }

    #[doc = "In what a disclosure decided again differs from its row."]
    ReplayDifference {
        #[doc = "Whether an agreement covers it."]
        Coverage = "COVERAGE",
        #[doc = "The agreement."]
        Agreement = "AGREEMENT",
        #[doc = "The scope."]
        Scope = "SCOPE",
        #[doc = "The provisions it rests on."]
        Provisions = "PROVISIONS",
        #[doc = "The reasons against it."]
        Reasons = "REASONS",
    }

    #[doc = "Step on the way from law to use, in order."]
    AdoptionStepCode {
        #[doc = "Legal basis checked."]
        LegalBasisChecked = "LEGAL_BASIS_CHECKED",
        #[doc = "Mode, content and timetable agreed."]
        ModeContentTimetableAgreed = "MODE_CONTENT_TIMETABLE_AGREED",
        #[doc = "Content defined."]
        ContentDefined = "CONTENT_DEFINED",
        #[doc = "Agreement signed."]
        AgreementSigned = "AGREEMENT_SIGNED",
        #[doc = "Mandate themes ready."]
        MandateThemeReady = "MANDATE_THEME_READY",
        #[doc = "Content implemented."]
        ContentImplemented = "CONTENT_IMPLEMENTED",
        #[doc = "Content tested."]
        ContentTested = "CONTENT_TESTED",
        #[doc = "Protection statement approved."]
        StatementApproved = "STATEMENT_APPROVED",
        #[doc = "Right to grant mandates received."]
        MandatingRightGranted = "MANDATING_RIGHT_GRANTED",
        #[doc = "Employees instructed."]
        EmployeesInstructed = "EMPLOYEES_INSTRUCTED",
        #[doc = "Mandates granted."]
        MandatesGranted = "MANDATES_GRANTED",
        #[doc = "Connection opened."]
        ConnectionOpened = "CONNECTION_OPENED",
    }

    #[doc = "Where an adoption step stands; computed but for the declared steps."]
    AdoptionStepState {
        #[doc = "Waits for earlier steps."]
        Pending = "PENDING",
        #[doc = "Can be done now."]
        Ready = "READY",
        #[doc = "Done."]
        Done = "DONE",
        #[doc = "Cannot be done; the blockers say why."]
        Blocked = "BLOCKED",
        #[doc = "Not required here."]
        NotRequired = "NOT_REQUIRED",
    }

    #[doc = "What to do next to receive data from a register. May grow."]
    NextStepCode {
        #[doc = "No provision in force gives the right: ask the controller (`askLegalBasis`), or take another way (R34, R36)."]
        AskLegalBasis = "ASK_LEGAL_BASIS",
        #[doc = "What gives the right does not cover electronic disclosure: take another way (R31, R36)."]
        TakeAnotherWay = "TAKE_ANOTHER_WAY",
        #[doc = "The recipient is no authority: find the provision that gives it the right to process (906/2019 24 §)."]
        FindRightToProcess = "FIND_RIGHT_TO_PROCESS",
        #[doc = "The law gives the right: make an agreement with the controller (R35)."]
        MakeAgreement = "MAKE_AGREEMENT",
        #[doc = "An agreement is on its way: do the step it waits at."]
        ContinueAgreement = "CONTINUE_AGREEMENT",
        #[doc = "The agreement is signed: its first day is still to come."]
        AwaitStart = "AWAIT_START",
        #[doc = "The agreement is suspended, or what serves the purpose is: it must be resumed."]
        AwaitResumption = "AWAIT_RESUMPTION",
        #[doc = "The agreement is active, yet nothing may be disclosed for the purpose: clear what stands in the way."]
        ClearObstacles = "CLEAR_OBSTACLES",
        #[doc = "The agreement in force does not serve the purpose: agree on more (R40)."]
        WidenAgreement = "WIDEN_AGREEMENT",
        #[doc = "The organisation has ceased to exist: whoever took its place must be registered."]
        NameSuccessor = "NAME_SUCCESSOR",
        #[doc = "Nothing is missing: ask what may be disclosed (`accessDecision`)."]
        AskDecision = "ASK_DECISION",
    }

    #[doc = "Side an organisation is on in one agreement."]
    AgreementSide {
        #[doc = "Discloser's side."]
        Discloser = "DISCLOSER",
        #[doc = "Recipient's side."]
        Recipient = "RECIPIENT",
        #[doc = "Both sides together."]
        Both = "BOTH",
    }

    #[doc = "Status of an inquiry."]
    InquiryStatus {
        #[doc = "Waits for an answer."]
        Open = "OPEN",
        #[doc = "Answered."]
        Answered = "ANSWERED",
    }

    #[doc = "Kind of incident."]
    IncidentKind {
        #[doc = "Personal data breach."]
        DataProtection = "DATA_PROTECTION",
        #[doc = "Information security incident."]
        InformationSecurity = "INFORMATION_SECURITY",
        #[doc = "Misuse."]
        Misuse = "MISUSE",
    }

    #[doc = "Status of an incident."]
    IncidentStatus {
        #[doc = "Reported."]
        Reported = "REPORTED",
        #[doc = "Assessed."]
        Triaged = "TRIAGED",
        #[doc = "Contained."]
        Contained = "CONTAINED",
        #[doc = "Resolved."]
        Resolved = "RESOLVED",
        #[doc = "Closed."]
        Closed = "CLOSED",
    }

    #[doc = "What kind of row a status entry belongs to."]
    StatusSubject {
        #[doc = "Agreement."]
        Agreement = "AGREEMENT",
        #[doc = "Scope."]
        Scope = "SCOPE",
        #[doc = "Adequacy of an agreement's basis."]
        AgreementBasis = "AGREEMENT_BASIS",
        #[doc = "Protection statement."]
        ProtectionStatement = "PROTECTION_STATEMENT",
        #[doc = "Mandate theme."]
        MandateTheme = "MANDATE_THEME",
        #[doc = "Mandating right."]
        MandatingRight = "MANDATING_RIGHT",
        #[doc = "Incident."]
        Incident = "INCIDENT",
        #[doc = "Inquiry."]
        Inquiry = "INQUIRY",
    }

    #[doc = "What retrieval is looked at for (906/2019 23 § 2 mom). May grow."]
    AnomalyRule {
        #[doc = "One end user made more disclosures over a scope within an hour than a person reads."]
        UserBurst = "USER_BURST",
        #[doc = "More disclosures were made under an agreement within an hour than its work explains, whoever asked."]
        AgreementBurst = "AGREEMENT_BURST",
        #[doc = "One end user viewed many matters within an hour at night (22–6) or on a weekend, in Helsinki."]
        OffHours = "OFF_HOURS",
        #[doc = "One end user came back to the same person again and again within an hour."]
        SubjectRepeats = "SUBJECT_REPEATS",
    }

    #[doc = "Where an anomaly stands; computed from the decisions on it."]
    AnomalyStatus {
        #[doc = "Not decided since it was last raised."]
        Open = "OPEN",
        #[doc = "Decided to be one."]
        Confirmed = "CONFIRMED",
        #[doc = "Explained; not an anomaly."]
        FalsePositive = "FALSE_POSITIVE",
    }

    #[doc = "Decision on an anomaly."]
    AnomalyVerdict {
        #[doc = "Confirmed."]
        Confirmed = "CONFIRMED",
        #[doc = "Explained; not an anomaly."]
        FalsePositive = "FALSE_POSITIVE",
    }

    #[doc = "What came of a disclosure."]
    DisclosureOutcome {
        #[doc = "Data was given."]
        Delivered = "DELIVERED",
        #[doc = "Nothing was found."]
        Empty = "EMPTY",
        #[doc = "Denied."]
        Denied = "DENIED",
        #[doc = "Failed."]
        Error = "ERROR",
    }

    #[doc = "Ground of a disclosure."]
    DisclosureGround {
        #[doc = "Statute, under an agreement."]
        Statute = "STATUTE",
        #[doc = "The person's consent."]
        Consent = "CONSENT",
        #[doc = "The person's own request."]
        OwnRequest = "SELF",
    }

    #[doc = "Whether an agreement covered a disclosure."]
    Coverage {
        #[doc = "Covered."]
        Covered = "COVERED",
        #[doc = "Not covered; the reasons say why."]
        Uncovered = "UNCOVERED",
        #[doc = "No agreement is needed on this ground."]
        NotRequired = "NOT_REQUIRED",
    }

    #[doc = "Whom a disclosure concerns."]
    SubjectKind {
        #[doc = "Person identified by a personal identity code; kept as a pseudonym."]
        Person = "PERSON",
        #[doc = "Person identified otherwise; kept as a pseudonym."]
        OtherPerson = "OTHER_PERSON",
        #[doc = "Body identified by its business ID."]
        Business = "BUSINESS",
        #[doc = "Nobody identified; only a number."]
        Count = "COUNT",
    }

    #[doc = "Length of a tally's period."]
    TallyGrain {
        #[doc = "Day."]
        Day = "DAY",
        #[doc = "Month."]
        Month = "MONTH",
    }

    #[doc = "Answer to a question of access."]
    Verdict {
        #[doc = "Everything asked may be disclosed."]
        Permitted = "PERMITTED",
        #[doc = "Only the permitted items may be disclosed."]
        Partial = "PARTIAL",
        #[doc = "Nothing may be disclosed."]
        Denied = "DENIED",
    }

    #[doc = "Reason against a disclosure, or against an act on an agreement. Reasons are evidence, not errors; all that apply are given. May grow."]
    DecisionReasonCode {
        #[doc = "No agreement between the parties on this register and channel."]
        NoAgreement = "NO_AGREEMENT",
        #[doc = "Agreement not signed, not started, ended or suspended."]
        AgreementNotInForce = "AGREEMENT_NOT_IN_FORCE",
        #[doc = "A party has been dissolved without a successor."]
        PartyNotActive = "PARTY_NOT_ACTIVE",
        #[doc = "No adequate right to receive or disclose in force under the item (906/2019 22–24 §)."]
        NoLegalBasis = "NO_LEGAL_BASIS",
        #[doc = "Provision under the item has been repealed."]
        BasisRepealed = "BASIS_REPEALED",
        #[doc = "Provision under the item has not been found adequate."]
        BasisNotAdequate = "BASIS_NOT_ADEQUATE",
        #[doc = "Outside what the item's own provisions allow at most."]
        NotEntitled = "NOT_ENTITLED",
        #[doc = "Provision does not cover electronic disclosure."]
        ElectronicNotAllowed = "ELECTRONIC_NOT_ALLOWED",
        #[doc = "Recipient is no authority and has no right to process (906/2019 24 §)."]
        ProcessingRightMissing = "PROCESSING_RIGHT_MISSING",
        #[doc = "Item is secret and no provision overrides secrecy (621/1999 29 §)."]
        SecrecyNotOverridden = "SECRECY_NOT_OVERRIDDEN",
        #[doc = "Item is not in the scope."]
        ItemNotInScope = "ITEM_NOT_IN_SCOPE",
        #[doc = "Purpose is not in the scope."]
        PurposeNotInScope = "PURPOSE_NOT_IN_SCOPE",
        #[doc = "Operation is not in the scope for the item."]
        OperationNotInScope = "OPERATION_NOT_IN_SCOPE",
        #[doc = "No open scope over this channel."]
        ChannelNotOpen = "CHANNEL_NOT_OPEN",
        #[doc = "No approved protection statement for the channel."]
        StatementMissing = "STATEMENT_MISSING",
        #[doc = "Protection statement has lapsed."]
        StatementLapsed = "STATEMENT_LAPSED",
        #[doc = "Recurring disclosure between authorities by other means than the interface, without justification (906/2019 22 § 1 mom)."]
        ModeNotJustified = "MODE_NOT_JUSTIFIED",
        #[doc = "Case reference is required (906/2019 22 § 2 mom)."]
        CaseReferenceMissing = "CASE_REFERENCE_MISSING",
        #[doc = "Viewing allows one subject a search (906/2019 23 § 1 mom)."]
        TooManySubjects = "TOO_MANY_SUBJECTS",
        #[doc = "Viewing allows no lists (906/2019 23 § 1 mom)."]
        ListByViewing = "LIST_BY_VIEWING",
        #[doc = "Required mandate theme is not active."]
        MandateThemeNotActive = "MANDATE_THEME_NOT_ACTIVE",
        #[doc = "Recipient has no right to grant the required mandate."]
        MandatingRightMissing = "MANDATING_RIGHT_MISSING",
        #[doc = "End user holds no mandate of the required theme."]
        MandateMissing = "MANDATE_MISSING",
        #[doc = "End user has no access grant."]
        AccessGrantMissing = "ACCESS_GRANT_MISSING",
        #[doc = "No rule lets the data travel on."]
        OnwardForbidden = "ONWARD_FORBIDDEN",
        #[doc = "Act: no scope says what is to be disclosed (R40)."]
        ScopeMissing = "SCOPE_MISSING",
        #[doc = "Act: neither a scope nor the adoption plan says when the connection is to be opened (R43)."]
        TimetableMissing = "TIMETABLE_MISSING",
        #[doc = "Act: a party has not accepted the present content (R43)."]
        AcceptanceMissing = "ACCEPTANCE_MISSING",
        #[doc = "Act: a scope gives more than both parties have agreed (R43)."]
        ContentNotAgreed = "CONTENT_NOT_AGREED",
        #[doc = "Act: no scope has been tested (R41)."]
        ScopeNotTested = "SCOPE_NOT_TESTED",
        #[doc = "Act: a question of the protection catalogue is not answered yes, and no exception was accepted (R64)."]
        ChecklistIncomplete = "CHECKLIST_INCOMPLETE",
    }

    #[doc = "What an agreement lacks to be whole. May grow."]
    CompletenessCode {
        #[doc = "Identifier in the discloser's case register (906/2019 26 §)."]
        CaseRegisterIdMissing = "CASE_REGISTER_ID_MISSING",
        #[doc = "First day of validity."]
        TermMissing = "TERM_MISSING",
        #[doc = "Day on which both had signed (R44)."]
        SigningDayMissing = "SIGNING_DAY_MISSING",
        #[doc = "Evidence that both sides signed (R44)."]
        SignatureMissing = "SIGNATURE_MISSING",
        #[doc = "Provision that gives the right to receive or to disclose (R31, R35)."]
        RightMissing = "RIGHT_MISSING",
        #[doc = "Review of a provision by the discloser (R31)."]
        BasisUnreviewed = "BASIS_UNREVIEWED",
        #[doc = "Right found adequate and in force, by a provision that covers electronic disclosure (R31)."]
        RightNotAdequate = "RIGHT_NOT_ADEQUATE",
        #[doc = "Right to process of a recipient that is no authority (906/2019 24 §)."]
        ProcessingRightMissing = "PROCESSING_RIGHT_MISSING",
        #[doc = "Scope that says what is disclosed over which channel (R40)."]
        ScopeMissing = "SCOPE_MISSING",
        #[doc = "Purpose of a scope (R24)."]
        PurposeMissing = "PURPOSE_MISSING",
        #[doc = "Items of a scope (R40)."]
        ItemMissing = "ITEM_MISSING",
        #[doc = "Provision under an item of a scope (R40)."]
        ItemBasisMissing = "ITEM_BASIS_MISSING",
        #[doc = "Entitlement of an item's own provisions to what its scope holds (R40)."]
        ItemNotEntitled = "ITEM_NOT_ENTITLED",
        #[doc = "Justification of another means than the interface (906/2019 22 § 1 mom)."]
        ModeNotJustified = "MODE_NOT_JUSTIFIED",
        #[doc = "Day on which the connection is to be opened (R43)."]
        TimetableMissing = "TIMETABLE_MISSING",
        #[doc = "Approved protection statement for a channel (R5, R8)."]
        StatementMissing = "STATEMENT_MISSING",
        #[doc = "Discloser's contact on agreement matters (R46)."]
        DiscloserContactMissing = "DISCLOSER_CONTACT_MISSING",
        #[doc = "Recipient's contact on agreement matters (R46)."]
        RecipientContactMissing = "RECIPIENT_CONTACT_MISSING",
        #[doc = "Recipient's contact on data protection (R9)."]
        DataProtectionContactMissing = "DATA_PROTECTION_CONTACT_MISSING",
    }

    #[doc = "Duty that comes with a permit."]
    ObligationCode {
        #[doc = "Record the disclosure in the log (906/2019 17 §)."]
        Log = "LOG",
        #[doc = "State the purpose with each search (906/2019 23 § 1 mom)."]
        StatePurpose = "STATE_PURPOSE",
        #[doc = "One subject a search (906/2019 23 § 1 mom)."]
        SingleSearch = "SINGLE_SEARCH",
        #[doc = "Give no data older than the scope allows."]
        LimitLookBack = "LIMIT_LOOK_BACK",
        #[doc = "Confirm the client relationship first."]
        ConfirmClientRelationship = "CONFIRM_CLIENT_RELATIONSHIP",
        #[doc = "Tell the person beforehand (703/2023 64 § 3 mom)."]
        InformSubjectBeforehand = "INFORM_SUBJECT_BEFOREHAND",
        #[doc = "Do not pass the data on."]
        NoOnwardDisclosure = "NO_ONWARD_DISCLOSURE",
        #[doc = "Delete the data in time."]
        DeleteBy = "DELETE_BY",
    }

    #[doc = "What an agreement or scope amounts to at an instant; computed, never stored."]
    EffectiveState {
        #[doc = "Being prepared."]
        Preparing = "PREPARING",
        #[doc = "Signed or activated; its first day is still to come."]
        NotStarted = "NOT_STARTED",
        #[doc = "Everything it holds may be disclosed."]
        InForce = "IN_FORCE",
        #[doc = "Part of what it holds may be disclosed."]
        PartlyInForce = "PARTLY_IN_FORCE",
        #[doc = "Nothing may be disclosed until the blockers are cleared."]
        Blocked = "BLOCKED",
        #[doc = "Suspended."]
        Suspended = "SUSPENDED",
        #[doc = "Its last day has passed."]
        Expired = "EXPIRED",
        #[doc = "Terminated, replaced or withdrawn."]
        Ended = "ENDED",
        #[doc = "Rejected."]
        Rejected = "REJECTED",
        #[doc = "Not in force; shown in place of every other state to those who may not know more."]
        NotInForce = "NOT_IN_FORCE",
    }

    #[doc = "Act on an agreement or its parts. May grow."]
    AgreementAction {
        #[doc = "Draft anew what was registered incomplete."]
        Draft = "DRAFT",
        #[doc = "Amend its identifier, publicity and, before the offer, its term."]
        Amend = "AMEND",
        #[doc = "Add a legal basis."]
        AddBasis = "ADD_BASIS",
        #[doc = "Review a legal basis."]
        ReviewBasis = "REVIEW_BASIS",
        #[doc = "Confirm that the legal basis suffices."]
        ConfirmBasis = "CONFIRM_BASIS",
        #[doc = "Offer to the other party."]
        Offer = "OFFER",
        #[doc = "Accept the content."]
        Accept = "ACCEPT",
        #[doc = "Sign."]
        Sign = "SIGN",
        #[doc = "Reject."]
        Reject = "REJECT",
        #[doc = "Withdraw the draft."]
        Withdraw = "WITHDRAW",
        #[doc = "Revoke one's signature."]
        RevokeSignature = "REVOKE_SIGNATURE",
        #[doc = "Activate."]
        Activate = "ACTIVATE",
        #[doc = "Suspend."]
        Suspend = "SUSPEND",
        #[doc = "Resume."]
        Resume = "RESUME",
        #[doc = "Terminate."]
        Terminate = "TERMINATE",
        #[doc = "Draft a renewal."]
        Renew = "RENEW",
        #[doc = "Define a scope."]
        DefineScope = "DEFINE_SCOPE",
        #[doc = "Mark a scope implemented."]
        MarkScopeImplemented = "MARK_SCOPE_IMPLEMENTED",
        #[doc = "Mark a scope tested."]
        MarkScopeTested = "MARK_SCOPE_TESTED",
        #[doc = "Open a scope."]
        OpenScope = "OPEN_SCOPE",
        #[doc = "Suspend a scope."]
        SuspendScope = "SUSPEND_SCOPE",
        #[doc = "Resume a scope."]
        ResumeScope = "RESUME_SCOPE",
        #[doc = "Close a scope."]
        CloseScope = "CLOSE_SCOPE",
        #[doc = "Add an onward rule."]
        AddOnwardRule = "ADD_ONWARD_RULE",
        #[doc = "End an onward rule."]
        EndOnwardRule = "END_ONWARD_RULE",
        #[doc = "Plan an adoption step."]
        PlanAdoptionStep = "PLAN_ADOPTION_STEP",
        #[doc = "Declare an adoption step done."]
        DeclareAdoptionStep = "DECLARE_ADOPTION_STEP",
        #[doc = "Grant access to an end user."]
        GrantAccess = "GRANT_ACCESS",
        #[doc = "Revoke an end user's access."]
        RevokeAccess = "REVOKE_ACCESS",
        #[doc = "Add a further party."]
        AddParty = "ADD_PARTY",
    }

    #[doc = "What an event is about. May grow."]
    EventTopic {
        #[doc = "Agreements: their status, provisions, versions, signatures, parties, documents, onward rules, adoption and reviews of use."]
        Agreement = "AGREEMENT",
        #[doc = "Scopes of agreements."]
        Scope = "SCOPE",
        #[doc = "Access of end users."]
        AccessGrant = "ACCESS_GRANT",
        #[doc = "Protection statements."]
        ProtectionStatement = "PROTECTION_STATEMENT",
        #[doc = "Incidents."]
        Incident = "INCIDENT",
        #[doc = "Inquiries."]
        Inquiry = "INQUIRY",
        #[doc = "The organisation itself: its contacts, keys, webhooks and rights to grant mandates."]
        Organisation = "ORGANISATION",
        #[doc = "What was done to the log of disclosures: look-ups of one person, rows withheld."]
        Log = "LOG",
        #[doc = "Unusual retrieval: anomalies raised and decided."]
        Anomaly = "ANOMALY",
        #[doc = "Registers, purposes, law, mandate themes, and imports that touch what the organisation may see."]
        Registry = "REGISTRY",
    }

    #[doc = "Where a webhook stands."]
    WebhookStatus {
        #[doc = "Events are delivered."]
        Active = "ACTIVE",
        #[doc = "Events wait; none is lost."]
        Paused = "PAUSED",
        #[doc = "Ended for good."]
        Retired = "RETIRED",
    }

    #[doc = "Why a webhook is paused. May grow."]
    WebhookPause {
        #[doc = "An officer paused it."]
        Officer = "OFFICER",
        #[doc = "The receiver answered 410: it is there no more."]
        Gone = "GONE",
        #[doc = "An event could not be delivered at its last attempt."]
        Failing = "FAILING",
    }

    #[doc = "Why an attempt to deliver an event had no answer. May grow."]
    WebhookFault {
        #[doc = "Its address, or what its name resolves to, is not public."]
        AddressRefused = "ADDRESS_REFUSED",
        #[doc = "Its name does not resolve."]
        NameUnknown = "NAME_UNKNOWN",
        #[doc = "No connection, or no TLS that is believed."]
        Unreachable = "UNREACHABLE",
        #[doc = "No answer in time."]
        TimedOut = "TIMED_OUT",
        #[doc = "The connection ended before the answer."]
        BrokenOff = "BROKEN_OFF",
    }
}
