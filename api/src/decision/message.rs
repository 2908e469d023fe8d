//! Reasons and duties in words. Codes are stable; words are free to change.

use entity::vocabulary::{CompletenessCode, DecisionReasonCode, Language, NextStepCode, ObligationCode};

/// Reason in words.
pub fn reason_message(code: DecisionReasonCode, language: Language) -> &'static str {
    said(reason_texts(code), language)
}

/// Duty in words.
pub fn obligation_message(code: ObligationCode, language: Language) -> &'static str {
    said(obligation_texts(code), language)
}

/// What an agreement lacks, in words.
pub fn completeness_message(code: CompletenessCode, language: Language) -> &'static str {
    said(completeness_texts(code), language)
}

/// What to do next, in words.
pub fn next_step_message(code: NextStepCode, language: Language) -> &'static str {
    said(next_step_texts(code), language)
}

/// Texts stand in the order Finnish, Swedish, English.
fn said(texts: [&'static str; 3], language: Language) -> &'static str {
    match language {
        Language::Fi => texts[0],
        Language::Sv => texts[1],
        Language::En => texts[2],
    }
}

#[expect(clippy::too_many_lines, reason = "one table of texts")]
fn reason_texts(code: DecisionReasonCode) -> [&'static str; 3] {
    match code {
        DecisionReasonCode::NoAgreement => [
            "osapuolten välillä ei ole sopimusta tästä rekisteristä",
            "parterna har inget avtal om detta register",
            "there is no agreement between the parties on this register",
        ],
        DecisionReasonCode::AgreementNotInForce => {
            ["sopimus ei ole voimassa", "avtalet är inte i kraft", "the agreement is not in force"]
        }
        DecisionReasonCode::PartyNotActive => [
            "osapuoli on lakannut ilman seuraajaa",
            "en part har upphört utan efterträdare",
            "a party has ceased to exist without a successor",
        ],
        DecisionReasonCode::NoLegalBasis => [
            "mikään voimassa oleva, riittäväksi todettu säännös ei anna oikeutta tietoon",
            "ingen tillräcklig gällande bestämmelse ger rätt till uppgiften",
            "no adequate legal basis in force gives the right to the data",
        ],
        DecisionReasonCode::BasisRepealed => [
            "säännös, johon tieto perustuu, on kumottu",
            "bestämmelsen som uppgiften grundar sig på har upphävts",
            "the provision the item rests on has been repealed",
        ],
        DecisionReasonCode::BasisNotAdequate => [
            "säännöstä, johon tieto perustuu, ei ole todettu riittäväksi",
            "bestämmelsen som uppgiften grundar sig på har inte befunnits tillräcklig",
            "the provision the item rests on has not been found adequate",
        ],
        DecisionReasonCode::NotEntitled => [
            "tiedon omat säännökset eivät kata tätä tietoa, käyttötarkoitusta, toimintoa ja kanavaa",
            "uppgiftens egna bestämmelser täcker inte denna uppgift, detta ändamål, denna åtgärd och kanal",
            "the item's own provisions do not cover this item, purpose, operation and channel",
        ],
        DecisionReasonCode::ElectronicNotAllowed => [
            "säännös ei kata sähköistä luovuttamista",
            "bestämmelsen omfattar inte elektroniskt utlämnande",
            "the provision does not cover electronic disclosure",
        ],
        DecisionReasonCode::ProcessingRightMissing => [
            "vastaanottaja ei ole viranomainen eikä mikään säännös anna sille oikeutta käsitellä tietoja",
            "mottagaren är inte en myndighet och ingen bestämmelse ger den rätt att behandla uppgifterna",
            "the recipient is not an authority and no provision gives it the right to process the data",
        ],
        DecisionReasonCode::SecrecyNotOverridden => [
            "tieto on salassa pidettävä eikä mikään säännös syrjäytä salassapitoa",
            "uppgiften är sekretessbelagd och ingen bestämmelse åsidosätter sekretessen",
            "the item is secret and no provision overrides secrecy",
        ],
        DecisionReasonCode::ItemNotInScope => {
            ["tieto ei kuulu tietosisältöön", "uppgiften ingår inte i datainnehållet", "the item is not in the scope"]
        }
        DecisionReasonCode::PurposeNotInScope => [
            "käyttötarkoitus ei kuulu tietosisältöön",
            "ändamålet ingår inte i datainnehållet",
            "the purpose is not in the scope",
        ],
        DecisionReasonCode::OperationNotInScope => [
            "toiminto ei kuulu tiedon tietosisältöön",
            "åtgärden ingår inte i datainnehållet för uppgiften",
            "the operation is not in the scope for the item",
        ],
        DecisionReasonCode::ChannelNotOpen => [
            "tällä kanavalla ei ole avattua tietosisältöä",
            "inget datainnehåll är öppet över denna kanal",
            "no scope is open over this channel",
        ],
        DecisionReasonCode::StatementMissing => [
            "tälle kanavalle ei ole hyväksyttyä selvitystä tietojen suojaamisesta",
            "ingen godkänd utredning om skyddet av uppgifter täcker denna kanal",
            "no approved protection statement covers this channel",
        ],
        DecisionReasonCode::StatementLapsed => [
            "selvitys tietojen suojaamisesta on vanhentunut",
            "utredningen om skyddet av uppgifter har förfallit",
            "the protection statement has lapsed",
        ],
        DecisionReasonCode::ModeNotJustified => [
            "säännöllistä luovuttamista viranomaisten välillä muutoin kuin teknisellä rajapinnalla ei ole perusteltu",
            "regelbundet utlämnande mellan myndigheter på annat sätt än via tekniskt gränssnitt har inte motiverats",
            "recurring disclosure between authorities by other means than the technical interface is not justified",
        ],
        DecisionReasonCode::CaseReferenceMissing => {
            ["asiaviite vaaditaan", "en ärendehänvisning krävs", "a case reference is required"]
        }
        DecisionReasonCode::TooManySubjects => [
            "katseluyhteydellä haetaan yhden henkilön tai kohteen tietoja kerrallaan",
            "via en elektronisk förbindelse söks ett objekt åt gången",
            "a viewing connection allows one subject a search",
        ],
        DecisionReasonCode::ListByViewing => [
            "katseluyhteydellä ei luovuteta luetteloita",
            "via en elektronisk förbindelse lämnas inga förteckningar ut",
            "a viewing connection allows no lists",
        ],
        DecisionReasonCode::MandateThemeNotActive => [
            "vaadittu valtuusasia ei ole käytössä",
            "det fullmaktsärende som krävs är inte i bruk",
            "the required mandate theme is not active",
        ],
        DecisionReasonCode::MandatingRightMissing => [
            "vastaanottajalla ei ole valtuutusoikeutta vaadittuun valtuusasiaan",
            "mottagaren har ingen fullmaktsrätt för det fullmaktsärende som krävs",
            "the recipient has no right to grant the required mandate",
        ],
        DecisionReasonCode::MandateMissing => [
            "loppukäyttäjällä ei ole vaadittua valtuutta",
            "slutanvändaren har inte den fullmakt som krävs",
            "the end user does not hold the required mandate",
        ],
        DecisionReasonCode::AccessGrantMissing => [
            "loppukäyttäjällä ei ole käyttövaltuutta",
            "slutanvändaren har ingen behörighet",
            "the end user has no access grant",
        ],
        DecisionReasonCode::OnwardForbidden => [
            "mikään riittävään säännökseen perustuva ehto ei salli tietojen luovuttamista edelleen",
            "inget villkor med tillräcklig bestämmelse tillåter vidareutlämnande",
            "no rule with an adequate provision lets the data travel on",
        ],
        DecisionReasonCode::ScopeMissing => [
            "luovutettavaa tietosisältöä ei ole määritelty",
            "datainnehållet som ska lämnas ut har inte fastställts",
            "no scope says what is to be disclosed",
        ],
        DecisionReasonCode::TimetableMissing => [
            "yhteyden avaamisen aikataulua ei ole sovittu",
            "ingen tidtabell för öppnandet har avtalats",
            "nothing says when the connection is to be opened",
        ],
        DecisionReasonCode::AcceptanceMissing => [
            "osapuoli ei ole hyväksynyt nykyistä sisältöä",
            "en part har inte godkänt det nuvarande innehållet",
            "a party has not accepted the present content",
        ],
        DecisionReasonCode::ContentNotAgreed => [
            "tietosisältö antaa enemmän kuin osapuolet ovat sopineet",
            "datainnehållet ger mer än parterna har avtalat",
            "the scope gives more than both parties have agreed",
        ],
        DecisionReasonCode::ScopeNotTested => {
            ["tietosisältöä ei ole testattu", "datainnehållet har inte testats", "no scope has been tested"]
        }
        DecisionReasonCode::ChecklistIncomplete => [
            "tietosuojan tarkistuslistan kohtaan ei ole vastattu myöntävästi eikä poikkeusta ole hyväksytty",
            "en punkt i checklistan för dataskydd är inte bejakad och inget undantag har godkänts",
            "a question of the protection checklist is not answered yes and no exception was accepted",
        ],
    }
}

fn next_step_texts(code: NextStepCode) -> [&'static str; 3] {
    match code {
        NextStepCode::AskLegalBasis => [
            "mikään tiedossa oleva voimassa oleva säännös ei anna oikeutta: kysy rekisterinpitäjältä tai käytä muuta tapaa",
            "ingen känd gällande bestämmelse ger rätten: fråga den personuppgiftsansvarige eller använd ett annat sätt",
            "no known provision in force gives the right: ask the controller, or take another way",
        ],
        NextStepCode::TakeAnotherWay => [
            "oikeus ei kata sähköistä luovuttamista: käytä muuta tapaa",
            "rätten omfattar inte elektroniskt utlämnande: använd ett annat sätt",
            "the right does not cover electronic disclosure: take another way",
        ],
        NextStepCode::FindRightToProcess => [
            "vastaanottaja ei ole viranomainen: osoita säännös, joka antaa oikeuden käsitellä tietoja (906/2019 24 §)",
            "mottagaren är inte en myndighet: ange den bestämmelse som ger rätt att behandla uppgifterna (906/2019 24 §)",
            "the recipient is not an authority: name the provision that gives the right to process (906/2019 24 §)",
        ],
        NextStepCode::MakeAgreement => [
            "laki antaa oikeuden: tee sopimus rekisterinpitäjän kanssa",
            "lagen ger rätten: ingå ett avtal med den personuppgiftsansvarige",
            "the law gives the right: make an agreement with the controller",
        ],
        NextStepCode::ContinueAgreement => [
            "sopimus on valmisteilla: tee vaihe, jota se odottaa",
            "avtalet bereds: utför det steg som det väntar på",
            "the agreement is on its way: do the step it waits at",
        ],
        NextStepCode::AwaitStart => [
            "sopimus on tehty: sen voimassaolo ei ole vielä alkanut",
            "avtalet har ingåtts: det har ännu inte trätt i kraft",
            "the agreement is made: its first day is still to come",
        ],
        NextStepCode::AwaitResumption => [
            "luovuttaminen on keskeytetty: rekisterinpitäjä jatkaa sitä",
            "utlämnandet har avbrutits: den personuppgiftsansvarige återupptar det",
            "disclosure is suspended: the discloser resumes it",
        ],
        NextStepCode::ClearObstacles => [
            "sopimus on voimassa, mutta mitään ei voi luovuttaa: poista esteet",
            "avtalet är i kraft, men ingenting kan lämnas ut: undanröj hindren",
            "the agreement is active, yet nothing may be disclosed: clear what stands in the way",
        ],
        NextStepCode::WidenAgreement => [
            "voimassa oleva sopimus ei kata käyttötarkoitusta: sopikaa laajemmasta tietosisällöstä",
            "det gällande avtalet omfattar inte ändamålet: kom överens om ett vidare datainnehåll",
            "the agreement in force does not serve the purpose: agree on more",
        ],
        NextStepCode::NameSuccessor => [
            "organisaatio on lakannut: sen tehtäviä jatkava on merkittävä",
            "organisationen har upphört: den som övertagit dess uppgifter ska antecknas",
            "the organisation has ceased to exist: whoever took its place must be registered",
        ],
        NextStepCode::AskDecision => [
            "mitään ei puutu: kysy, mitä voidaan luovuttaa",
            "ingenting saknas: fråga vad som får lämnas ut",
            "nothing is missing: ask what may be disclosed",
        ],
    }
}

fn obligation_texts(code: ObligationCode) -> [&'static str; 3] {
    match code {
        ObligationCode::Log => {
            ["kirjaa luovutus luovutuslokiin", "registrera utlämnandet i loggen", "record the disclosure in the log"]
        }
        ObligationCode::StatePurpose => [
            "ilmoita käyttötarkoitus haun yhteydessä",
            "ange ändamålet vid varje sökning",
            "state the purpose with each search",
        ],
        ObligationCode::SingleSearch => {
            ["tee vain yksittäisiä hakuja", "gör endast enskilda sökningar", "search one subject at a time"]
        }
        ObligationCode::LimitLookBack => [
            "älä luovuta rajausta vanhempia tietoja",
            "lämna inte ut uppgifter äldre än vad som tillåts",
            "give no data older than the scope allows",
        ],
        ObligationCode::ConfirmClientRelationship => [
            "varmista ensin asiakassuhde",
            "kontrollera först klientförhållandet",
            "confirm the client relationship first",
        ],
        ObligationCode::InformSubjectBeforehand => [
            "ilmoita henkilölle ennen tietojen hankkimista",
            "informera personen på förhand",
            "tell the person beforehand",
        ],
        ObligationCode::NoOnwardDisclosure => {
            ["älä luovuta tietoja edelleen", "lämna inte uppgifterna vidare", "do not pass the data on"]
        }
        ObligationCode::DeleteBy => {
            ["poista tiedot määräajassa", "radera uppgifterna inom utsatt tid", "delete the data in time"]
        }
    }
}

fn completeness_texts(code: CompletenessCode) -> [&'static str; 3] {
    match code {
        CompletenessCode::CaseRegisterIdMissing => [
            "asiarekisterin tunnus puuttuu",
            "ärenderegistrets beteckning saknas",
            "the identifier in the case register is missing",
        ],
        CompletenessCode::TermMissing => [
            "ensimmäinen voimassaolopäivä puuttuu",
            "första giltighetsdagen saknas",
            "the first day of validity is missing",
        ],
        CompletenessCode::SigningDayMissing => {
            ["allekirjoituspäivä puuttuu", "dagen för undertecknandet saknas", "the day of signing is missing"]
        }
        CompletenessCode::SignatureMissing => [
            "molempien osapuolten allekirjoituksista ei ole näyttöä",
            "bevis på båda parters underskrift saknas",
            "evidence that both sides signed is missing",
        ],
        CompletenessCode::RightMissing => [
            "säännös, joka antaa oikeuden saada tai luovuttaa tietoja, puuttuu",
            "en bestämmelse som ger rätt att få eller lämna ut uppgifter saknas",
            "a provision that gives the right to receive or to disclose is missing",
        ],
        CompletenessCode::BasisUnreviewed => [
            "luovuttaja ei ole arvioinut kaikkia säännöksiä",
            "utlämnaren har inte bedömt alla bestämmelser",
            "the discloser has not reviewed every provision",
        ],
        CompletenessCode::RightNotAdequate => [
            "mitään oikeutta ei ole todettu riittäväksi sähköiseen luovuttamiseen",
            "ingen rätt har befunnits tillräcklig för elektroniskt utlämnande",
            "no right in force has been found adequate for electronic disclosure",
        ],
        CompletenessCode::ProcessingRightMissing => [
            "muun kuin viranomaisen oikeus käsitellä tietoja puuttuu (906/2019 24 §)",
            "rätten för en annan än en myndighet att behandla uppgifterna saknas (906/2019 24 §)",
            "the right to process of a recipient that is no authority is missing (906/2019 24 §)",
        ],
        CompletenessCode::ScopeMissing => [
            "luovutettavaa tietosisältöä ei ole määritelty",
            "datainnehållet som ska lämnas ut har inte fastställts",
            "no scope says what is disclosed over which channel",
        ],
        CompletenessCode::PurposeMissing => {
            ["tietosisällön käyttötarkoitus puuttuu", "datainnehållets ändamål saknas", "a scope has no purpose"]
        }
        CompletenessCode::ItemMissing => {
            ["tietosisällössä ei ole tietoja", "datainnehållet är tomt", "a scope holds no items"]
        }
        CompletenessCode::ItemBasisMissing => [
            "tieto ei perustu mihinkään säännökseen",
            "en uppgift grundar sig inte på någon bestämmelse",
            "an item rests on no provision",
        ],
        CompletenessCode::ItemNotEntitled => [
            "tiedon omat säännökset eivät kata sitä",
            "en uppgifts egna bestämmelser täcker den inte",
            "an item's own provisions do not cover it",
        ],
        CompletenessCode::ModeNotJustified => [
            "muuta tapaa kuin teknistä rajapintaa ei ole perusteltu (906/2019 22 § 1 mom)",
            "ett annat sätt än ett tekniskt gränssnitt har inte motiverats (906/2019 22 § 1 mom)",
            "other means than the technical interface are not justified (906/2019 22 § 1 mom)",
        ],
        CompletenessCode::TimetableMissing => [
            "yhteyden avaamisen aikataulua ei ole sovittu",
            "ingen tidtabell för öppnandet har avtalats",
            "nothing says when the connection is to be opened",
        ],
        CompletenessCode::StatementMissing => [
            "kanavalta puuttuu voimassa oleva hyväksytty selvitys tietojen suojaamisesta",
            "en gällande godkänd utredning om skyddet av uppgifter saknas för en kanal",
            "a channel has no approved protection statement in force",
        ],
        CompletenessCode::DiscloserContactMissing => [
            "luovuttajan yhteystieto sopimusasioissa puuttuu",
            "utlämnarens kontakt i avtalsärenden saknas",
            "the discloser's contact on agreement matters is missing",
        ],
        CompletenessCode::RecipientContactMissing => [
            "vastaanottajan yhteystieto sopimusasioissa puuttuu",
            "mottagarens kontakt i avtalsärenden saknas",
            "the recipient's contact on agreement matters is missing",
        ],
        CompletenessCode::DataProtectionContactMissing => [
            "vastaanottajan yhteystieto tietosuoja-asioissa puuttuu",
            "mottagarens kontakt i dataskyddsärenden saknas",
            "the recipient's contact on data protection is missing",
        ],
    }
}
