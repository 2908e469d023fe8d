//! A report on its way to the log: checked, judged, its persons turned into pseudonyms, its randomness drawn, its row
//! put together but for its place. All of it before the writer's turn, so that the one writer has little left to do.

use chrono::TimeDelta;
use entity::{
    disclosure,
    vocabulary::{BusinessId, DisclosureGround, DisclosureOutcome, Instant, OrganisationId},
};
use zeroize::Zeroizing;

use super::{
    DisclosureDraft,
    coverage::{self, Door, Judged},
    interned::{Set, basis_members, members},
    row::{self, Names, Pseudonym, Pseudonyms, Sets},
    rules::{self, Checked, Subject},
};
use crate::{
    Error, FaultCode, access_decision::end_user, auth::policy::LogKeeper, clock, decision::Decision, facts::Facts,
    keys::Keys,
};

/// How far behind our clock the clock of who asks for an authorisation may be.
pub const AUTHORISED_BEHIND_MAX: TimeDelta = TimeDelta::minutes(5);

/// Bytes of a row's salt, from which those of its two parts are derived.
const SALT_BYTES: usize = 32;

/// Bytes of chance in a row's id.
const NOISE_BYTES: usize = 8;

/// Report ready to be written.
pub(super) struct Prepared {
    pub draft: DisclosureDraft,
    pub path: String,
    pub checked: Checked,
    pub decision: Option<Decision>,
    pub judged: Judged,
    /// Items to record.
    pub items: Set,
    /// Provisions it rests on.
    pub bases: Set,
    pub pseudonyms: Pseudonyms,
    /// The row, but for its place, the row it corrects and what it commits to.
    pub row: disclosure::Model,
    /// What the registry calls what it refers to.
    pub names: Names,
    pub message_hash: [u8; 32],
    /// Normalised input; wiped when dropped.
    pub input: Zeroizing<Vec<u8>>,
    pub salt: [u8; SALT_BYTES],
    /// Of the input under the salt.
    pub content_hash: [u8; 32],
    pub noise: [u8; NOISE_BYTES],
}

/// What every report of one call shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub keeper: LogKeeper,
    pub door: Door,
    pub now: Instant,
}

/// Checks and judges one report.
///
/// # Errors
/// Every fault of its form.
pub(super) fn prepare(
    facts: &Facts,
    keys: &Keys,
    call: Call,
    draft: DisclosureDraft,
    path: String,
) -> Result<Prepared, Error> {
    let checked = check(facts, call, &draft, &path)?;
    let (decision, judged) = judge(facts, keys, call.door, &checked)?;
    let (salt, noise) = chance()?;
    let input = row::input(facts, &checked, call.door)?;
    let (items, bases) = sets(&judged);
    let pseudonyms = pseudonyms(facts, keys, &checked)?;
    let (row, names) = row_of(facts, &checked, &judged, pseudonyms, (&items, &bases));
    Ok(Prepared {
        pseudonyms,
        row,
        names,
        message_hash: row::message_hash(&checked.message_id, checked.part),
        content_hash: row::content_hash(&salt, &input),
        input,
        salt,
        noise,
        items,
        bases,
        draft,
        path,
        checked,
        decision,
        judged,
    })
}

impl Prepared {
    /// Checks and judges anew on later facts.
    pub(super) fn renew(&mut self, facts: &Facts, keys: &Keys, call: Call) -> Result<(), Error> {
        self.checked = check(facts, call, &self.draft, &self.path)?;
        (self.decision, self.judged) = judge(facts, keys, call.door, &self.checked)?;
        (self.items, self.bases) = sets(&self.judged);
        let recorded = (&self.items, &self.bases);
        (self.row, self.names) = row_of(facts, &self.checked, &self.judged, self.pseudonyms, recorded);
        Ok(())
    }
}

/// Salt and noise of a row, drawn together.
fn chance() -> Result<([u8; SALT_BYTES], [u8; NOISE_BYTES]), Error> {
    let drawn: [u8; SALT_BYTES + NOISE_BYTES] = clock::random()?;
    let (mut salt, mut noise) = ([0; SALT_BYTES], [0; NOISE_BYTES]);
    let (first, rest) = drawn.split_at(SALT_BYTES);
    salt.copy_from_slice(first);
    noise.copy_from_slice(rest);
    Ok((salt, noise))
}

fn sets(judged: &Judged) -> (Set, Set) {
    (Set::of(members(&judged.items)), Set::of(basis_members(&judged.bases)))
}

fn row_of(
    facts: &Facts,
    checked: &Checked,
    judged: &Judged,
    pseudonyms: Pseudonyms,
    (items, bases): (&Set, &Set),
) -> (disclosure::Model, Names) {
    let row = row::model(facts, checked, judged, pseudonyms, Sets { items: items.id, bases: bases.id });
    let names = Names::of(facts, &row, &judged.items, &judged.bases);
    (row, names)
}

fn check(facts: &Facts, call: Call, draft: &DisclosureDraft, path: &str) -> Result<Checked, Error> {
    let checked = rules::check(facts, call.now, call.keeper, draft, path).map_err(Error::Invalid)?;
    match call.door {
        Door::Record => Ok(checked),
        Door::Authorise(_) => authorisable(checked, call.now, path),
    }
}

/// An authorisation is for now: judged at the instant of the call, so that no old instant opens a door closed since.
fn authorisable(checked: Checked, now: Instant, path: &str) -> Result<Checked, Error> {
    let faults: Vec<_> = [
        (
            !coverage::is_decided(checked.ground),
            "ground",
            "only what rests on a statute is authorised; consent and own requests are recorded",
        ),
        (checked.corrects.is_some(), "corrects", "an authorisation corrects nothing; record the correction"),
        (checked.outcome != DisclosureOutcome::Delivered, "outcome", "an authorisation decides the outcome itself"),
        (now - checked.occurred_at > AUTHORISED_BEHIND_MAX, "occurredAt", "more than five minutes ago; record it"),
    ]
    .into_iter()
    .filter(|(refused, ..)| *refused)
    .map(|(_, field, message)| rules::fault_at(path, field, FaultCode::Malformed, message))
    .collect();
    if faults.is_empty() { Ok(Checked { occurred_at: now, ..checked }) } else { Err(Error::Invalid(faults)) }
}

fn judge(facts: &Facts, keys: &Keys, door: Door, checked: &Checked) -> Result<(Option<Decision>, Judged), Error> {
    let decision = match checked.ground {
        DisclosureGround::Statute => {
            let user = end_user(facts, keys, &coverage::question(checked), checked.end_user.as_deref())?;
            Some(coverage::decision(facts, checked, user))
        }
        DisclosureGround::Consent | DisclosureGround::OwnRequest => None,
    };
    let judged = coverage::judged(facts, checked, door, decision.as_ref());
    Ok((decision, judged))
}

/// Pseudonyms under the discloser's current key. The end user is one of the recipient; of the discloser itself where
/// there is no recipient with a business id.
fn pseudonyms(facts: &Facts, keys: &Keys, checked: &Checked) -> Result<Pseudonyms, Error> {
    let discloser =
        business_id(facts, checked.discloser).ok_or_else(|| Error::internal("a discloser without business id"))?;
    let keys = keys.pseudonyms();
    let key_version = keys.current_version();
    let keyed = |bytes| Pseudonym { bytes, key_version };
    let subject = match &checked.subject {
        Subject::Person(code) => Some(keys.person(discloser, key_version, code)?),
        Subject::OtherPerson(person) => {
            Some(keys.other_person(discloser, key_version, &person.system, &person.value)?)
        }
        Subject::Business(_) | Subject::Count(_) => None,
    };
    let recipient = checked.recipient.and_then(|id| business_id(facts, id)).unwrap_or(discloser);
    let user =
        checked.end_user.as_deref().map(|user| keys.user(discloser, key_version, recipient, user)).transpose()?;
    Ok(Pseudonyms { subject: subject.map(keyed), user: user.map(keyed) })
}

fn business_id(facts: &Facts, id: OrganisationId) -> Option<BusinessId> {
    facts.organisation.get(id).and_then(|row| row.business_id)
}
