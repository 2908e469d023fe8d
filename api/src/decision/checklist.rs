//! Protection catalogue: what a recipient is asked about its data protection, version by version (R12–R18, R55–R64).

use entity::{
    protection_statement,
    vocabulary::{DecisionReasonCode, Instant, Language, ScopeStatus, StatementAnswerKind, StatementStatus},
};

use super::{Reason, conditions};
use crate::facts::{Dossier, Facts};

/// Newest version of the catalogue; what is drafted and submitted from now on goes by it.
pub const CATALOGUE_VERSION: i32 = 1;

/// Question of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Code; stable.
    pub code: &'static str,
    /// Requirement of the source documents it asks for.
    pub source: &'static str,
    /// Whether a yes is borne out, in words or by a document (R64).
    pub asks_evidence: bool,
    texts: [&'static str; 3],
}

impl Question {
    /// Question in words.
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Fi => self.texts[0],
            Language::Sv => self.texts[1],
            Language::En => self.texts[2],
        }
    }
}

/// Questions of a version of the catalogue, in order; none for a version that does not exist. Each is to be answered.
pub fn questions(version: i32) -> &'static [Question] {
    match version {
        1 => FIRST,
        _ => &[],
    }
}

const fn asked(code: &'static str, source: &'static str, texts: [&'static str; 3]) -> Question {
    Question { code, source, asks_evidence: false, texts }
}

const fn evidenced(code: &'static str, source: &'static str, texts: [&'static str; 3]) -> Question {
    Question { code, source, asks_evidence: true, texts }
}

/// First version: the checklist of the service (C…), then the topics of an account.
const FIRST: &[Question] = &[
    evidenced(
        "C1_RESPONSIBLE_PERSON",
        "R55",
        [
            "Onko tietosuoja- ja tietoturva-asioiden vastuuhenkilö nimetty?",
            "Har en ansvarig för dataskydd och informationssäkerhet utsetts?",
            "Is somebody named who answers for data protection and security?",
        ],
    ),
    evidenced(
        "C2_SECURITY_INSTRUCTIONS",
        "R56",
        [
            "Onko organisaatiolla ohjeet tietoturvallisuudesta?",
            "Har organisationen anvisningar om informationssäkerhet?",
            "Does the organisation have instructions on information security?",
        ],
    ),
    evidenced(
        "C3_ACCESS_MANAGEMENT",
        "R57",
        [
            "Onko käyttöoikeuksien hallinta järjestetty tietoturvallisesti?",
            "Är hanteringen av behörigheter ordnad på ett säkert sätt?",
            "Are access rights managed securely?",
        ],
    ),
    evidenced(
        "C3A_TASK_BOUND",
        "R58",
        [
            "Annetaanko oikeuksia vain tehtäviin, joihin tiedonsaantioikeus perustuu?",
            "Ges behörigheter endast för de uppgifter som rätten till information grundar sig på?",
            "Are rights given only for the tasks on which the right to the data rests?",
        ],
    ),
    evidenced(
        "C3B_REMOVAL",
        "R59",
        [
            "Poistetaanko oikeus, kun tehtävät muuttuvat tai palvelussuhde päättyy?",
            "Tas behörigheten bort när uppgifterna ändras eller anställningen upphör?",
            "Is a right removed when tasks change or employment ends?",
        ],
    ),
    evidenced(
        "C4_MONITORING",
        "R60",
        [
            "Onko palvelun käytölle valvontamenettely?",
            "Finns det ett förfarande för att övervaka användningen?",
            "Is the use of the service monitored?",
        ],
    ),
    evidenced(
        "C5_CIA",
        "R61",
        [
            "Onko tietojen luottamuksellisuus, eheys ja käytettävyys varmistettu (tietosuoja-asetus 5 ja 32 art.)?",
            "Är uppgifternas konfidentialitet, integritet och tillgänglighet säkrade (dataskyddsförordningen art. 5, 32)?",
            "Are confidentiality, integrity and availability ensured (GDPR articles 5 and 32)?",
        ],
    ),
    evidenced(
        "C6_CLIENTS_INFORMED",
        "R62",
        [
            "Kerrotaanko asiakkaille tietojen käytöstä?",
            "Informeras klienterna om att uppgifterna används?",
            "Are clients told that the data is used?",
        ],
    ),
    evidenced(
        "C7_MISUSE_SANCTIONS",
        "R63",
        [
            "Onko väärinkäytösten seuraamuksista ohje?",
            "Finns det anvisningar om påföljder för missbruk?",
            "Are there instructions on the consequences of misuse?",
        ],
    ),
    asked(
        "POLICY",
        "R12–R14",
        [
            "Onko johto vahvistanut tietoturva- ja tietosuojapolitiikan, jonka tavoitteita seurataan?",
            "Har ledningen fastställt en policy för informationssäkerhet och dataskydd vars mål följs upp?",
            "Has management confirmed a security and data-protection policy whose goals are followed?",
        ],
    ),
    asked(
        "TRAINING",
        "R15–R16",
        [
            "Koulutetaanko henkilöstö ja onko osa koulutuksesta pakollista?",
            "Utbildas personalen och är en del av utbildningen obligatorisk?",
            "Is staff trained, part of it by obligation?",
        ],
    ),
    asked(
        "CONFIDENTIALITY",
        "R17",
        [
            "Ovatko kaikki allekirjoittaneet vaitiolositoumuksen?",
            "Har alla undertecknat en tystnadsförbindelse?",
            "Has everyone signed a confidentiality undertaking?",
        ],
    ),
    asked(
        "USAGE_CONTROL",
        "R22–R24",
        [
            "Käyttävätkö henkilöt tietoja omalla tunnuksellaan ja vain työtehtäviinsä?",
            "Använder var och en uppgifterna med egen användaridentitet och endast för sina arbetsuppgifter?",
            "Does everyone use the data under an identity of their own and only for their tasks?",
        ],
    ),
];

/// Questions of its catalogue that a statement does not answer with yes, and for which no exception was accepted.
pub fn gaps(facts: &Facts, statement: &protection_statement::Model) -> Vec<&'static Question> {
    let settled = |question: &&Question| {
        facts.statement_answer.of(statement.id).any(|answer| {
            answer.question_code == question.code
                && (answer.answer == StatementAnswerKind::Yes || answer.exception_accepted_by.is_some())
        })
    };
    questions(statement.catalogue_version).iter().filter(|question| !settled(question)).collect()
}

/// Why the protection checklist keeps an agreement from being activated: an approved statement of a channel it is to use
/// leaves a question open (R64).
pub fn checklist(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let channels = || {
        let live = dossier.scopes.iter().filter(|scope| scope.status.at(at) != Some(ScopeStatus::Closed));
        live.map(|scope| scope.row.channel)
    };
    let open = dossier
        .statements
        .iter()
        .filter(|statement| statement.status.at(at) == Some(StatementStatus::Approved))
        .filter(|statement| channels().any(|channel| channel == statement.row.channel))
        .any(|statement| !gaps(facts, &statement.row).is_empty());
    open.then(|| conditions::reason(DecisionReasonCode::ChecklistIncomplete)).into_iter().collect()
}
