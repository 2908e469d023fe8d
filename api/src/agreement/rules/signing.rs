//! How the parties come to stand by a content: each side accepts and signs it for itself, and takes back only what does not
//! bind yet (R35, R43, R44, R54).

use chrono::TimeDelta;
use entity::{
    agreement, document, signature,
    vocabulary::{
        Adequacy, AgreementId, AgreementSide, AgreementStatus, Instant, OrganisationId, SignatureAct,
        SignatureEvidence, SignatureId, StatusSubject, helsinki_day,
    },
};

use super::{basis::unreviewed, jws, wrong_status};
use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    clock,
    confirmation::is_same,
    decision::{self, SIDES},
    document::{DocumentInput, Holder, rules::named},
    facts::{Dossier, Edit, Facts, global_id, in_succession},
    journal::Changes,
    status, version,
};

/// Characters of a content hash: SHA-256 in hexadecimal digits.
const HASH_CHARACTERS: usize = 64;

/// Who speaks in an agreement, and for which side.
#[derive(Debug, Clone, Copy)]
pub struct Speaker {
    /// The agreement.
    pub agreement: AgreementId,
    /// Side it speaks for, and no other.
    pub side: AgreementSide,
    /// Organisation whose officer speaks: the party, or who took its place.
    pub organisation: OrganisationId,
}

/// Content version an act is on, in the texts given.
#[derive(Debug, Clone)]
pub struct OnVersion {
    /// Global id of the agreement.
    pub id: String,
    /// Number of the version.
    pub version: i32,
    /// Hash of its content, so that nobody agrees to what was changed meanwhile.
    pub content_hash: String,
}

/// Signature as given.
#[derive(Debug, Clone)]
pub struct SigningInput {
    /// What is signed.
    pub on: OnVersion,
    /// Whether the recipient commits itself to data protection.
    pub commits_to_data_protection: bool,
    /// What proves it.
    pub proof: Proof,
}

/// What proves a signature.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Detached JSON Web Signature over the content hash.
    Jws(String),
    /// Document signed electronically elsewhere.
    ESignature(DocumentInput),
    /// Signed paper.
    Paper(DocumentInput),
}

/// Taking back as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct RevocationInput {
    /// Global id of the agreement.
    pub id: String,
    /// Number of the version; the newest one's side acted on when absent.
    pub version: Option<i32>,
    /// Why, in words.
    pub reason: String,
}

/// Accepts the present content for the speaker's side; `speaker` is null where the agreement is nothing the asker may know
/// of. Accepting what one already stands by, signed or accepted, changes nothing.
pub fn accept(
    facts: &Facts,
    speaker: Option<Speaker>,
    input: &OnVersion,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let content_hash = hash(&mut checks, &input.content_hash);
    let spoken = spoken(&mut checks, facts, &input.id, speaker);
    let standing = spoken.and_then(|(dossier, speaker)| {
        let last = decision::last_act(facts, dossier, speaker.side, input.version);
        last.filter(|_| decision::stands_by(facts, dossier, speaker.side, input.version))
    });
    let is_repeated = standing.is_some_and(|row| row.content_hash == content_hash);
    // What was signed before the gateway names no hash, so whether it is the same is judged by what is present.
    let is_settled = is_repeated || standing.is_some_and(|row| row.content_hash.is_empty());
    if let (Some((dossier, speaker)), false) = (spoken, is_repeated) {
        may_speak(&mut checks, facts, (dossier, speaker), decision::is_negotiable(dossier, by.1), by);
        on_present(&mut checks, facts, dossier, (input.version, &content_hash));
    }
    checks.done(|| {
        let (dossier, speaker) = spoken?;
        let row = || act(facts, (dossier, speaker), SignatureAct::Accepted, (input.version, content_hash), by);
        let edits = if is_settled { Vec::new() } else { vec![row().into()] };
        Some(changes(facts, dossier, "acceptAgreement", None, edits))
    })
}

/// Signs the present content for the speaker's side. The second side's signature makes the agreement a signed one. The same
/// signature again changes nothing.
pub fn sign(
    facts: &Facts,
    speaker: Option<Speaker>,
    input: &SigningInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let number = input.on.version;
    let content_hash = hash(&mut checks, &input.on.content_hash);
    let spoken = spoken(&mut checks, facts, &input.on.id, speaker);
    let mut documents = Vec::new();
    let prior = spoken.and_then(|(dossier, speaker)| {
        let last = decision::last_act(facts, dossier, speaker.side, number);
        last.filter(|row| row.act == SignatureAct::Signed && row.content_hash == content_hash)
    });
    let proof = spoken.and_then(|of| {
        let given = (&input.proof, content_hash.as_str());
        repeated(prior, &input.proof).or_else(|| proof(&mut checks, facts, of, given, by.1, &mut documents))
    });
    let is_repeated = prior.zip(proof.as_ref()).is_some_and(|(prior, proof)| {
        (prior.evidence, &prior.jws, prior.document_id) == (proof.kind, &proof.jws, proof.document_id)
    });
    if let (Some((dossier, speaker)), false) = (spoken, is_repeated) {
        if prior.is_some() {
            checks.fault(FaultCode::Conflict, "proof", "your side has signed this version with another proof");
        }
        if speaker.side == AgreementSide::Recipient && !input.commits_to_data_protection {
            let message = "the recipient commits itself to look after data protection when it signs";
            checks.fault(FaultCode::Blank, "commitsToDataProtection", message);
        }
        let is_negotiated = dossier.row.status == AgreementStatus::Negotiation;
        may_speak(&mut checks, facts, (dossier, speaker), is_negotiated, by);
        on_present(&mut checks, facts, dossier, (number, &content_hash));
        if is_negotiated {
            checks.reasons("id", decision::signable(facts, dossier, by.1));
        }
    }
    checks.done(|| {
        let (dossier, speaker) = spoken?;
        let mut edits = Vec::new();
        if !is_repeated {
            edits.extend(documents.into_iter().map(Edit::from));
            let row = act(facts, (dossier, speaker), SignatureAct::Signed, (number, content_hash), by);
            edits.push(signature::Model { ..proof?.on(row) }.into());
            edits.extend(signed(facts, (dossier, speaker), number, by));
        }
        Some(changes(facts, dossier, "signAgreement", None, edits))
    })
}

/// Takes back what the speaker's side did with a content version. A signed agreement goes back into negotiation; after
/// activation only notice ends what both have agreed.
pub fn revoke(
    facts: &Facts,
    speaker: Option<Speaker>,
    input: &RevocationInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, BLANK);
    let spoken = spoken(&mut checks, facts, &input.id, speaker);
    let own =
        spoken.and_then(|(dossier, speaker)| standing_act(&mut checks, facts, (dossier, speaker), input.version, by.1));
    checks.done(|| {
        let (dossier, speaker) = spoken?;
        let own = own?;
        let on = (own.version, own.content_hash.clone());
        let mut edits: Vec<Edit> = vec![act(facts, (dossier, speaker), SignatureAct::Revoked, on, by).into()];
        // What both signed no longer stands, even where an older version, from paper, was once signed too.
        let is_signed_one = decision::signed_by_both(facts, dossier) == Some(own.version);
        if dossier.row.status == AgreementStatus::Signed && is_signed_one {
            let status = AgreementStatus::Negotiation;
            let subject = (StatusSubject::Agreement, dossier.row.id.0);
            edits.push(agreement::Model { status, signed_on: None, ..dossier.row.as_ref().clone() }.into());
            edits.push(status::entry(facts, subject, status, by, reason.clone()).into());
        }
        edits.extend(no_longer_agreed(facts, dossier, &edits, by));
        Some(changes(facts, dossier, "revokeSignature", reason, edits))
    })
}

/// Provisions found adequate that both parties no longer agree on: they carry nothing until both do and they are reviewed
/// again.
fn no_longer_agreed(facts: &Facts, dossier: &Dossier, edits: &[Edit], by: (&str, Instant)) -> Vec<Edit> {
    let adequate = dossier.bases.iter().map(|basis| &basis.row).filter(|row| row.adequacy == Adequacy::Adequate);
    let after = facts.after(facts.seq, edits);
    let Some(later) = after.dossier(dossier.row.id) else { return Vec::new() };
    let (was_agreed, is_agreed) = (decision::agreed_bases(facts, dossier), decision::agreed_bases(&after, later));
    let unreviewed = adequate.filter(|row| was_agreed(row) && !is_agreed(row)).flat_map(|row| {
        let row = unreviewed(row);
        let entry = status::entry(facts, (StatusSubject::AgreementBasis, row.id.0), row.adequacy, by, None);
        [Edit::from(row), entry.into()]
    });
    unreviewed.collect()
}

/// Act of the speaker's side that it may take back, on the version named or the newest it acted on.
fn standing_act<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    (dossier, speaker): (&Dossier, Speaker),
    version: Option<i32>,
    now: Instant,
) -> Option<&'a signature::Model> {
    if !decision::is_offered(dossier.row.status) || decision::is_over(dossier, now) {
        wrong_status(checks, dossier, now);
        return None;
    }
    let open = decision::revocable(facts, dossier, speaker.side);
    let newest = decision::newest_acted_on(facts, dossier, speaker.side);
    let chosen = version.or(newest).filter(|version| open.contains(version));
    if chosen.is_none() {
        let stands = |version| decision::stands_by(facts, dossier, speaker.side, version);
        let message = match (version, newest) {
            (None, None) => "your side has neither accepted nor signed anything",
            (Some(version), _) | (None, Some(version)) if stands(version) => {
                "nothing can be taken back of what both parties have agreed and is in force: give notice instead"
            }
            (Some(_), _) => "your side has neither accepted nor signed this version, or took that back",
            (None, Some(_)) if open.is_empty() => "your side has taken back what it did: there is nothing more",
            (None, Some(_)) => {
                "your side has taken back what it did on the newest version it acted on: name an older one"
            }
        };
        checks.fault(FaultCode::WrongStatus, "version", message);
    }
    decision::last_act(facts, dossier, speaker.side, chosen?)
}

fn hash(checks: &mut Checks, text: &str) -> String {
    let hash = text.trim().to_ascii_lowercase();
    if hash.len() != HASH_CHARACTERS || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        checks.fault(FaultCode::Malformed, "contentHash", "form is not 64 hexadecimal digits");
    }
    hash
}

fn spoken<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    id: &str,
    speaker: Option<Speaker>,
) -> Option<(&'a Dossier, Speaker)> {
    let id = checks.parsed::<AgreementId>("id", id)?;
    let speaker = speaker.filter(|speaker| speaker.agreement == id);
    let found = speaker.and_then(|speaker| Some((facts.dossier(id)?.as_ref(), speaker)));
    checks.found("id", found, "agreement")
}

/// Acts are done in their statuses, and nobody acts for both sides: an agreement has two parties.
fn may_speak(
    checks: &mut Checks,
    facts: &Facts,
    (dossier, speaker): (&Dossier, Speaker),
    is_open: bool,
    (actor, now): (&str, Instant),
) {
    if !is_open {
        wrong_status(checks, dossier, now);
    }
    let number = decision::present_number(facts, dossier);
    let of_them = |row: &signature::Model| !in_succession(facts, row.organisation_id, speaker.organisation);
    let mut acts = facts.signature.of(dossier.row.id).filter(|row| row.version == number && of_them(row));
    if acts.any(|row| is_same(&row.actor, actor)) {
        checks.fault(FaultCode::Conflict, "id", "the same officer has acted for the other side");
    }
}

/// Only the present content can be agreed on, and only by who has seen it.
fn on_present(checks: &mut Checks, facts: &Facts, dossier: &Dossier, (version, hash): (i32, &str)) {
    let present = decision::present(facts, dossier);
    if version != present.number {
        let message = format!("the present version is {}, read it first", present.number);
        checks.fault(FaultCode::Conflict, "version", message);
    } else if hash.len() == HASH_CHARACTERS && hash != present.content_hash {
        checks.fault(FaultCode::Conflict, "contentHash", "the content of this version has another hash, read it first");
    }
}

/// Proof of a signature, read.
struct Evidence {
    kind: SignatureEvidence,
    jws: Option<String>,
    document_id: Option<entity::vocabulary::DocumentId>,
}

impl Evidence {
    fn on(self, row: signature::Model) -> signature::Model {
        signature::Model { evidence: self.kind, jws: self.jws, document_id: self.document_id, ..row }
    }
}

/// Proof that has been given before: it was judged then, and what became of its key since matters not.
fn repeated(prior: Option<&signature::Model>, given: &Proof) -> Option<Evidence> {
    let Proof::Jws(given) = given else { return None };
    let jws = prior?.jws.clone().filter(|jws| jws == given.trim())?;
    Some(Evidence { kind: SignatureEvidence::Jws, jws: Some(jws), document_id: None })
}

fn proof(
    checks: &mut Checks,
    facts: &Facts,
    (dossier, speaker): (&Dossier, Speaker),
    (given, content_hash): (&Proof, &str),
    now: Instant,
    documents: &mut Vec<document::Model>,
) -> Option<Evidence> {
    let holder =
        Holder { owner: speaker.organisation, agreement: Some(dossier.row.id), publicity: dossier.row.publicity };
    let (path, document, kind) = match given {
        Proof::Jws(given) => {
            let given = ("proof.jws", given.as_str());
            let jws = jws::verified(checks, facts, given, (speaker.organisation, content_hash), now)?;
            return Some(Evidence { kind: SignatureEvidence::Jws, jws: Some(jws), document_id: None });
        }
        Proof::ESignature(document) => ("proof.eSignature", document, SignatureEvidence::ESignature),
        Proof::Paper(document) => ("proof.paper", document, SignatureEvidence::Paper),
    };
    let document_id = named(checks, facts, (path, document), holder, documents)?;
    Some(Evidence { kind, jws: None, document_id: Some(document_id) })
}

/// Row of an act, later than every earlier one of the agreement. What is accepted or taken back has no proof but the act
/// itself, done through the gateway.
fn act(
    facts: &Facts,
    (dossier, speaker): (&Dossier, Speaker),
    act: SignatureAct,
    (version, content_hash): (i32, String),
    (actor, now): (&str, Instant),
) -> signature::Model {
    let last = facts.signature.of(dossier.row.id).map(|row| row.signed_at + TimeDelta::microseconds(1)).max();
    signature::Model {
        id: clock::fresh_id::<SignatureId>(),
        agreement_id: dossier.row.id,
        organisation_id: speaker.organisation,
        version,
        act,
        content_hash,
        evidence: SignatureEvidence::ESignature,
        jws: None,
        document_id: None,
        signed_at: last.map_or(now, |last| last.max(now)),
        actor: actor.into(),
    }
}

/// What the second side's signature does besides: the agreement is signed.
fn signed(facts: &Facts, (dossier, speaker): (&Dossier, Speaker), version: i32, by: (&str, Instant)) -> Vec<Edit> {
    let others = || SIDES.into_iter().filter(|side| *side != speaker.side);
    if !others().all(|side| decision::side_act(facts, dossier, side, version) == Some(SignatureAct::Signed)) {
        return Vec::new();
    }
    let status = AgreementStatus::Signed;
    let entry = status::entry(facts, (StatusSubject::Agreement, dossier.row.id.0), status, by, None);
    let signed_on = Some(helsinki_day(by.1));
    vec![agreement::Model { status, signed_on, ..dossier.row.as_ref().clone() }.into(), entry.into()]
}

fn changes(
    facts: &Facts,
    dossier: &Dossier,
    action: &'static str,
    reason: Option<String>,
    edits: Vec<Edit>,
) -> Changes {
    let edits = if edits.is_empty() { edits } else { version::frozen(facts, dossier.row.id, edits) };
    Changes { action, subject: global_id(dossier.row.id), reason, edits }
}
