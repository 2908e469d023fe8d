//! Small but rich registries: a healthy world in which most things are in order, with some faults thrown in.

use api::facts::{Edit, Facts, Row};
use chrono::{Days, TimeDelta};
use entity::vocabulary::{
    AuthorityStatus, ClosedEnum, DataItemId, Day, Instant, LegalBasisId, MandateThemeId, MandateThemeStatus,
    MandatingRightStatus, OrganisationId, OrganisationKind, ProposalStatus, PurposeId, RegisterId, StatusSubject,
    helsinki_midnight,
};
use uuid::Uuid;

use super::{chance::Chance, rows};

/// Codes a register may hold, parents first; `KA` is no child of `K`, and the identity codes end in `ID`.
pub const ITEMS: [&str; 9] = ["K", "K.A", "K.A.X", "K.A.ID", "K.B", "K.B.Y", "K.N", "KA", "K.ID"];

/// Qualifiers of a register.
pub const QUALIFIERS: [&str; 2] = ["P", "Q"];

/// World that questions can be put to.
pub struct World {
    /// Its rows, parents before children.
    pub rows: Vec<Row>,
    /// Instants at which something in it changes.
    pub moments: Vec<Instant>,
    /// The same rows as facts.
    pub facts: Facts,
}

/// World in the making.
pub struct Builder {
    /// What is thrown.
    pub chance: Chance,
    /// Faults of a thousand occasions.
    faults: usize,
    /// Rows so far.
    pub rows: Vec<Row>,
    /// Instants so far at which something changes.
    pub moments: Vec<Instant>,
    /// Instants from which late items exist.
    pub late: Vec<Instant>,
}

/// What agreements are made of.
pub struct Ground {
    /// Organisations: the first discloses, the second receives, the others come before or after them, or are strangers.
    pub organisations: Vec<OrganisationId>,
    /// Registers: the first is in use, the other only confuses.
    pub registers: [RegisterId; 2],
    /// Purposes.
    pub purposes: Vec<PurposeId>,
    /// Provisions that give a right.
    pub rights: Vec<LegalBasisId>,
    /// Provisions for every other role.
    pub others: Vec<LegalBasisId>,
    /// Mandate themes.
    pub themes: Vec<MandateThemeId>,
}

impl World {
    /// World of a seed, and the chance to go on with.
    pub fn new(seed: u64) -> (Self, Chance) {
        let mut chance = Chance::new(seed);
        let faults = chance.pick(&[0, 0, 0, 15, 30, 80]);
        let mut builder = Builder { chance, faults, rows: Vec::new(), moments: Vec::new(), late: Vec::new() };
        let ground = builder.ground();
        builder.agreements(&ground);
        let edits: Vec<Edit> = builder.rows.iter().cloned().map(Edit::Put).collect();
        let facts = Facts::default().after(1, &edits);
        (Self { rows: builder.rows, moments: builder.moments, facts }, builder.chance)
    }
}

impl Builder {
    /// Puts a row into the world.
    pub fn put(&mut self, row: impl Into<Row>) {
        self.rows.push(row.into());
    }

    /// Whether something is wrong here.
    pub fn fault(&mut self) -> bool {
        self.chance.mille(self.faults)
    }

    /// Day, counted from the middle.
    pub fn day(&mut self, low: i64, high: i64) -> Day {
        let days = self.chance.between(low, high);
        let distance = Days::new(days.unsigned_abs());
        if days < 0 { rows::middle() - distance } else { rows::middle() + distance }
    }

    /// Instant on such a day, often its first.
    pub fn instant(&mut self, low: i64, high: i64) -> Instant {
        let hours = self.chance.pick(&[0, 0, 7, 24]);
        let instant = helsinki_midnight(self.day(low, high)) + TimeDelta::hours(hours);
        self.moments.push(instant);
        instant
    }

    /// Period around the middle, or one that begins or ends near it.
    pub fn period(&mut self) -> (Instant, Option<Instant>) {
        let from = if self.fault() { self.instant(-60, 60) } else { self.instant(-500, -401) };
        (from, self.end().map(|until| until.max(from + TimeDelta::hours(1))))
    }

    /// End of a period: none, far, or near where there is a fault.
    pub fn end(&mut self) -> Option<Instant> {
        if self.fault() {
            return Some(self.instant(-60, 60));
        }
        self.chance.percent(30).then(|| self.instant(31, 400))
    }

    /// Status history whose good value holds around the middle; what its column says then.
    pub fn history<S: ClosedEnum>(&mut self, subject: (StatusSubject, Uuid), good: S, before: &[S], after: &[S]) -> S {
        let faulty = self.fault();
        if self.chance.percent(30) {
            return if faulty { self.chance.pick(&[before, after].concat()) } else { good };
        }
        let begins_late = faulty && self.chance.percent(50);
        let mut path: Vec<(Instant, S)> = Vec::new();
        for status in &before[self.chance.below(before.len() + 1)..] {
            path.push((self.instant(-500, -401), *status));
        }
        path.push((if begins_late { self.instant(-60, 60) } else { self.instant(-400, -31) }, good));
        if faulty && !begins_late {
            path.push((self.instant(-60, 0), self.chance.pick(after)));
            if self.chance.percent(40) {
                path.push((self.instant(0, 60), good));
            }
        } else if self.chance.percent(20) {
            path.push((self.instant(61, 400), self.chance.pick(after)));
        }
        self.write_history(subject, path, good)
    }

    /// Writes a history in the order of its instants; its last value, or `otherwise` where it is empty.
    pub fn write_history<S: ClosedEnum>(
        &mut self,
        subject: (StatusSubject, Uuid),
        path: Vec<(Instant, S)>,
        otherwise: S,
    ) -> S {
        let mut instants: Vec<Instant> = path.iter().map(|(from, _)| *from).collect();
        instants.sort();
        let mut last = otherwise;
        for ((ordinal, from), (_, status)) in (1..).zip(instants).zip(path) {
            let id = self.chance.id();
            self.put(rows::status_entry(id, subject, ordinal, status.code(), from));
            last = status;
        }
        last
    }

    fn ground(&mut self) -> Ground {
        let organisations = self.organisations();
        let registers = [self.chance.id(), self.chance.id()];
        for (register, code) in registers.into_iter().zip(["REG", "DECOY"]) {
            self.put(rows::register(register, code, organisations[0]));
            self.catalogue(register);
        }
        let purposes: Vec<PurposeId> = (0..3).map(|_| self.chance.id()).collect();
        for (purpose, code) in purposes.iter().zip(["U", "V", "W"]) {
            self.put(rows::purpose(*purpose, code));
        }
        let rights = (1..=self.chance.pick(&[1, 2, 2, 3])).map(|number| self.law(number)).collect();
        let others = (11..=13).map(|number| self.law(number)).collect();
        let themes = self.themes(&organisations);
        Ground { organisations, registers, purposes, rights, others, themes }
    }

    fn organisations(&mut self) -> Vec<OrganisationId> {
        let ids: Vec<OrganisationId> = (0..self.chance.between(2, 5)).map(|_| self.chance.id()).collect();
        for (place, id) in ids.iter().enumerate() {
            let kind = self.chance.pick(&[OrganisationKind::Municipality, OrganisationKind::PrivateBody]);
            let status = self.chance.pick(&[
                AuthorityStatus::Authority,
                AuthorityStatus::Authority,
                AuthorityStatus::Authority,
                AuthorityStatus::Authority,
                AuthorityStatus::PublicTaskBody,
                AuthorityStatus::Private,
            ]);
            let mut row = rows::organisation(*id, kind, status);
            if place >= 2 && self.chance.percent(75) {
                row.successor_id = Some(ids[self.chance.below(place)]);
            } else if self.chance.percent(3) {
                row.successor_id = Some(self.chance.pick(&ids)).filter(|other| other != id);
            }
            if row.successor_id.is_some() || self.fault() {
                row.dissolved_on = Some(self.day(-60, 60));
                self.moments.extend(row.dissolved_on.map(entity::vocabulary::day_end));
            }
            self.put(row);
        }
        ids
    }

    fn catalogue(&mut self, register: RegisterId) {
        for code in QUALIFIERS {
            let id = self.chance.id();
            self.put(rows::qualifier(id, register, code));
        }
        for code in ITEMS {
            if self.chance.percent(6) {
                continue;
            }
            let id: DataItemId = self.chance.id();
            let is_late = self.chance.percent(if code == "K.N" { 40 } else { 4 });
            let valid_from = if is_late { self.instant(-300, 200) } else { self.instant(-900, -700) };
            self.late.extend(is_late.then_some(valid_from));
            let mut row = rows::data_item(id, register, code, valid_from);
            row.is_identity_code = code.ends_with("ID");
            row.is_personal = self.chance.percent(50);
            row.is_secret = self.chance.percent(18);
            row.special_category = self.chance.percent(20);
            row.valid_until = self.end().filter(|until| *until > valid_from);
            self.put(row);
        }
    }

    fn law(&mut self, number: i32) -> LegalBasisId {
        let id = self.chance.id();
        let (from, until) = self.period();
        let mut row = rows::legal_basis(id, number, from);
        row.valid_until = until;
        row.allows_electronic = self.chance.percent(96);
        row.overrides_secrecy = self.chance.percent(45);
        row.informs_subject_beforehand = self.chance.percent(20);
        if self.fault() {
            row.status = self.chance.pick(&[ProposalStatus::Proposed, ProposalStatus::Revoked]);
        }
        self.put(row);
        id
    }

    fn themes(&mut self, organisations: &[OrganisationId]) -> Vec<MandateThemeId> {
        let mut themes = Vec::new();
        for code in ["M1", "M2"] {
            let id: MandateThemeId = self.chance.id();
            let before = [MandateThemeStatus::Identified, MandateThemeStatus::Requested, MandateThemeStatus::Defined];
            let good = self.chance.pick(&[MandateThemeStatus::Active, MandateThemeStatus::Hidden]);
            // A theme never goes back, so a fault here is one of coming too late.
            let after = [MandateThemeStatus::Hidden];
            let status = self.history((StatusSubject::MandateTheme, id.0), good, &before, &after);
            self.put(rows::mandate_theme(id, code, status));
            for organisation in organisations {
                if self.chance.percent(85) {
                    self.mandating_right(*organisation, id);
                }
            }
            themes.push(id);
        }
        themes
    }

    fn mandating_right(&mut self, organisation: OrganisationId, theme: MandateThemeId) {
        let id: entity::vocabulary::MandatingRightId = self.chance.id();
        let after = [MandatingRightStatus::Revoked, MandatingRightStatus::Rejected];
        let status = self.history(
            (StatusSubject::MandatingRight, id.0),
            MandatingRightStatus::Granted,
            &[MandatingRightStatus::Applied],
            &after,
        );
        let mut row = rows::mandating_right(id, organisation, theme, status);
        row.valid_until = self.end();
        self.put(row);
    }
}
