//! The one reader of world files: section by section, parents before children, each row matched to the one that stands.

mod agreements;
mod contacts;
mod disclosures;
mod gaps;
mod history;
mod law;
mod mandates;
mod organisations;
mod references;
mod registers;
mod scopes;
mod series;
mod statements;

pub(super) use references::{CitationReference, find_basis, find_contact, find_organisation};

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use entity::vocabulary::{AgreementId, ContactId, Instant, RowId};
use uuid::Uuid;

use super::{
    Admission, Pseudonyms, Survey, Unread, World, WorldDisclosure, WorldFault, WorldFile, csv,
    fault::{Faults, Place},
    fields::Fields,
    natural::{Natural, natural_key},
    rules, tree,
};
use crate::{
    Error, FaultCode,
    clock::fresh_id,
    facts::{Edit, Facts, Row, TABLES},
};

/// Tables whose rows, once written, are never altered.
const APPEND_ONLY: [&str; 3] = ["agreement_version", "signature", "status_entry"];

/// What world files are read with.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// Facts that stand.
    pub facts: &'a Facts,
    /// Instant of the reading.
    pub now: Instant,
    /// How end users get their pseudonyms.
    pub pseudonyms: &'a Pseudonyms<'a>,
    /// Fingerprint of each of this gateway's own keys.
    pub own_fingerprints: &'a BTreeMap<i32, String>,
    /// What is done with what is not whole.
    pub admission: Admission,
}

/// Rows of world files against the facts that stand, and their disclosures against the facts as they would then be,
/// `now`.
///
/// # Errors
/// Every fault of every file.
pub fn read(files: &[WorldFile], with: Circumstances<'_>) -> Result<World, Unread> {
    let (survey, world) = looked_at(files, with).map_err(Unread::Failed)?;
    if survey.faults.is_empty() { Ok(world) } else { Err(Unread::Faults(survey.faults)) }
}

/// Every fault and gap of world files, and how whole their agreements are.
///
/// # Errors
/// When a pseudonym could not be made.
pub fn survey(files: &[WorldFile], with: Circumstances<'_>) -> Result<Survey, Error> {
    looked_at(files, with).map(|(survey, _)| survey)
}

fn looked_at(files: &[WorldFile], with: Circumstances<'_>) -> Result<(Survey, World), Error> {
    let faults = Faults::default();
    let mut documents = Vec::new();
    for file in files {
        let parsed = match Form::of(file) {
            Form::Values => tree::parse(&file.text).map_err(|unreadable| vec![unreadable]),
            Form::Table => csv::parse(&file.text, with.facts, with.now).map(|table| {
                for (spot, column) in table.conflicts {
                    let message = "is another in the registry's agreement of this number";
                    let place = Place { file: file.name.clone(), spot, path: column.to_owned() };
                    faults.add(place.fault(FaultCode::Conflict, message));
                }
                Some(table.node)
            }),
        };
        match parsed {
            Ok(node) => documents.extend(node.map(|node| (file.name.as_str(), node))),
            Err(unreadable) => {
                for (spot, message) in unreadable {
                    let place = Place { file: file.name.clone(), spot, path: String::new() };
                    faults.add(place.fault(FaultCode::Malformed, message));
                }
            }
        }
    }
    let roots = documents.iter().map(|(name, node)| Fields::new(name, String::new(), node, &faults)).collect();
    let mut reader = Reader::new(with, roots, &faults);
    reader.read(with.now);
    if let Some(error) = reader.failed.take() {
        return Err(error);
    }
    let (gaps, scores) = reader.measured(with.now);
    let world = World { edits: reader.edits(), disclosures: std::mem::take(&mut reader.disclosures) };
    let mut gaps = if with.admission == Admission::Whole { reader.refused(gaps) } else { gaps };
    for gap in &mut gaps {
        named_by_column(&mut gap.place, files);
    }
    drop(reader);
    drop(documents);
    let mut faults = faults.into_sorted(files);
    for fault in &mut faults {
        named_by_column(fault, files);
    }
    faults.dedup();
    Ok((Survey { faults, gaps, scores }, world))
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// YAML, of which JSON is a part.
    Values,
    /// Table of agreements.
    Table,
}

impl Form {
    fn of(file: &WorldFile) -> Self {
        if file.name.to_ascii_lowercase().ends_with(".csv") { Self::Table } else { Self::Values }
    }
}

/// In a table a fault is named by its column, not by the values that were made of the row.
fn named_by_column(fault: &mut WorldFault, files: &[WorldFile]) {
    let table = files.iter().find(|file| file.name == fault.file && Form::of(file) == Form::Table);
    if let Some(column) = table.and_then(|table| csv::column(&table.text, fault.column))
        && !fault.path.is_empty()
    {
        fault.path = column;
    }
}

/// Reading under way.
struct Reader<'a> {
    /// Facts that stand.
    base: &'a Facts,
    /// Facts as they will be, up to the section being read.
    facts: Facts,
    roots: Vec<Fields<'a>>,
    faults: &'a Faults,
    pseudonyms: &'a Pseudonyms<'a>,
    own_fingerprints: &'a BTreeMap<i32, String>,
    admission: Admission,
    now: Instant,
    /// Ids of the rows that stand, by their natural keys.
    known: HashMap<(&'static str, String), Uuid>,
    /// Places of the rows of the files, by their natural keys.
    seen: HashMap<(&'static str, String), Place>,
    pending: Vec<(Edit, Place)>,
    /// How many of the pending edits [`Reader::facts`] holds.
    seen_by_facts: usize,
    agreements: Vec<(AgreementId, Fields<'a>)>,
    contacts: Vec<(ContactId, Fields<'a>)>,
    disclosures: Vec<WorldDisclosure>,
    /// Why a pseudonym could not be made; then nothing that was read counts.
    failed: RefCell<Option<Error>>,
}

impl<'a> Reader<'a> {
    fn new(with: Circumstances<'a>, roots: Vec<Fields<'a>>, faults: &'a Faults) -> Self {
        let Circumstances { facts: base, now, pseudonyms, own_fingerprints, admission } = with;
        let rows = base.tables().rows();
        let known = rows.filter_map(|row| Some(((row.table(), natural_key(&row)?), row.id()))).collect();
        Self {
            base,
            facts: base.clone(),
            roots,
            faults,
            pseudonyms,
            own_fingerprints,
            admission,
            now,
            known,
            seen: HashMap::new(),
            pending: Vec::new(),
            seen_by_facts: 0,
            agreements: Vec::new(),
            contacts: Vec::new(),
            disclosures: Vec::new(),
            failed: RefCell::default(),
        }
    }

    fn read(&mut self, now: Instant) {
        self.version();
        self.read_organisations();
        self.read_law();
        self.read_registers();
        self.read_entitlements();
        self.read_mandates();
        self.read_agreements();
        self.read_statements();
        self.read_contacts();
        self.read_inquiries();
        self.read_disclosures();
        self.read_series();
        for root in &self.roots {
            root.finish();
        }
        self.judge_whole();
        self.judge_sizes();
        self.judge_disclosures(now);
    }

    fn version(&self) {
        for root in &self.roots {
            if root.optional("world", super::parse::number).is_some_and(|version| version != 1) {
                root.fault("world", FaultCode::Malformed, "only version 1 is known");
            }
        }
    }

    /// Maps of a section, over all files.
    fn section(&self, key: &'static str) -> Vec<Fields<'a>> {
        self.roots.iter().flat_map(|root| root.maps(key)).collect()
    }

    /// Takes a row in: under the id of the row that stands with its natural key, else under a new one.
    fn put<M: Natural>(&mut self, fields: &Fields<'_>, row: M) -> M::Id {
        let key = (M::Id::TABLE, row.natural());
        if let Some(first) = self.seen.get(&key)
            && fields.is_clean()
        {
            let message = format!("stands already at {}:{}", first.file, first.spot.line);
            self.faults.add(fields.place().fault(FaultCode::AlreadyExists, message));
        }
        let id = *self.known.entry(key.clone()).or_insert_with(|| fresh_id::<M::Id>().into());
        self.seen.entry(key).or_insert_with(|| fields.place());
        self.pending.push((row.with_id(id.into()).into(), fields.place()));
        id.into()
    }

    /// Puts another form of a row in the place of one taken in before.
    fn amend<M: Natural>(&mut self, fields: &Fields<'_>, row: M) {
        self.pending.push((row.into(), fields.place()));
    }

    /// Lets what was taken in so far be found.
    fn settle(&mut self) {
        let edits = self.pending[self.seen_by_facts..].iter().map(|(edit, _)| edit);
        self.facts = self.facts.after(self.base.seq, edits);
        self.seen_by_facts = self.pending.len();
    }

    /// Rules that need everything read.
    fn judge_whole(&mut self) {
        self.settle();
        for (id, fields) in &self.agreements {
            if let Some(dossier) = self.facts.dossier(*id) {
                fields.note(rules::dossier(&self.facts, dossier));
            }
        }
        for (id, fields) in &self.contacts {
            if let Some(row) = self.facts.contact.get(*id) {
                fields.note(rules::contact(&self.facts, row));
            }
        }
    }

    /// No whole has more parts than one answer holds; said once, where the files begin to add to it.
    fn judge_sizes(&self) {
        let mut seen = BTreeSet::new();
        for (edit, place) in &self.pending {
            if let Edit::Put(row) = edit
                && rules::whole(row).is_some_and(|whole| seen.insert(whole))
                && let Some((code, message)) = rules::parts(&self.facts, row)
            {
                self.faults.add(place.fault(code, message));
            }
        }
    }

    /// Keeps the first failure that is no fault of the files.
    fn fail(&self, error: Error) {
        self.failed.borrow_mut().get_or_insert(error);
    }

    /// What the files change: the last form of each row that differs from what stands, parents before children.
    fn edits(&self) -> Vec<Edit> {
        let mut last: BTreeMap<(usize, Uuid), (&Edit, &Place)> = BTreeMap::new();
        for (edit, place) in &self.pending {
            let table = TABLES.iter().position(|table| *table == edit.table()).unwrap_or_default();
            last.insert((table, edit.id()), (edit, place));
        }
        last.retain(|_, (edit, place)| self.differs(edit, place));
        let mut edits: Vec<Edit> = last.into_values().map(|(edit, _)| edit.clone()).collect();
        for table in edits.chunk_by_mut(|a, b| a.table() == b.table()) {
            table.sort_by_cached_key(|edit| self.depth(edit));
        }
        edits
    }

    fn differs(&self, edit: &Edit, place: &Place) -> bool {
        let Edit::Put(row) = edit else { return true };
        let Some(before) = self.base.row(row.table(), row.id()) else { return true };
        if before == *row {
            return false;
        }
        if APPEND_ONLY.contains(&row.table()) {
            let message = "stands otherwise in the registry, where it is never altered";
            self.faults.add(place.fault(FaultCode::Conflict, message));
        }
        true
    }

    /// How many rows of its own table stand above a row.
    fn depth(&self, edit: &Edit) -> usize {
        let Edit::Put(row) = edit else { return 0 };
        let mut seen = BTreeSet::from([row.id()]);
        let mut above = parent(row);
        while let Some(id) = above.filter(|id| seen.insert(*id)) {
            above = self.facts.row(row.table(), id).as_ref().and_then(parent);
        }
        seen.len()
    }
}

/// Row of its own table a row points at.
fn parent(row: &Row) -> Option<Uuid> {
    match row {
        Row::Organisation(row) => row.successor_id.map(Uuid::from),
        Row::LegalBasis(row) => row.superseded_by_id.map(Uuid::from),
        Row::Agreement(row) => row.supersedes_id.map(Uuid::from),
        Row::Contact(row) => row.escalates_to_id.map(Uuid::from),
        _ => None,
    }
}

/// Id of a row not taken in yet.
fn unset<I: RowId>() -> I {
    Uuid::nil().into()
}
