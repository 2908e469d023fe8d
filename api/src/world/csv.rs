//! Old agreements as a table: one row an agreement, as they stand in the spreadsheets of those who keep them; read into the
//! same values as any other world file, so that one reader judges both.
//!
//! What a table cannot say is taken as narrowly as it can be meant, and every agreement of a table comes in as
//! REGISTERED_INCOMPLETE: somebody has yet to look at its law.

use csv::{ReaderBuilder, StringRecord, Trim};
use entity::vocabulary::{Channel, ClosedEnum, Day, Instant, helsinki_day, instant_text};

use super::{
    fault::quoted,
    read::find_organisation,
    tree::{Entry, Node, Spot, Value},
};
use crate::facts::Facts;

/// Columns a table may have, in any order.
pub(super) const COLUMNS: [&str; 17] = [
    "number",
    "case_register_id",
    "discloser",
    "recipient",
    "register",
    "signed_on",
    "starts_on",
    "ends_on",
    "provisions",
    "items",
    "purposes",
    "channel",
    "regularity",
    "necessity_check",
    "population",
    "discloser_contact",
    "recipient_contact",
];

/// Columns a table must have.
const NEEDED: [&str; 4] = ["number", "discloser", "recipient", "register"];

/// Role of a provision for which none is given.
const RIGHT: &str = "RIGHT_TO_RECEIVE";

/// Rows of a table that cannot be read, each with its place.
pub(super) type Unreadable = Vec<(Spot, String)>;

/// Table as it was read.
pub(super) struct Table {
    /// Its agreements and contacts, as any other world file has them.
    pub node: Node,
    /// Cells of another agreement than the registry has under their number, each with its column.
    pub conflicts: Vec<(Spot, &'static str)>,
}

/// Column of a table that a place in a reader's values comes from, by the number of the cell.
pub(super) fn column(text: &str, cell: usize) -> Option<String> {
    let head = reader(text).headers().ok()?.clone();
    head.get(cell.checked_sub(1)?).map(name)
}

/// Reads a table; agreements that have gone on from what was registered are left alone. A number the registry has for
/// another agreement is a conflict: two houses may have counted alike.
///
/// # Errors
/// The places where it is no table of agreements, and why.
pub(super) fn parse(text: &str, facts: &Facts, now: Instant) -> Result<Table, Unreadable> {
    let mut reader = reader(text);
    let head = reader.headers().cloned().map_err(|fault| vec![unread(&fault)])?;
    let columns: Vec<String> = head.iter().map(name).collect();
    let mut faults = misnamed(&columns);
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => rows.push(record),
            Err(fault) => faults.push(unread(&fault)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let rows: Vec<Row> = rows.iter().map(|record| Row { columns: &columns, record, facts, now }).collect();
    let open = || rows.iter().filter(|row| !row.has_gone_on());
    let top = Spot { line: 1, column: 1 };
    let agreements = list(top, open().map(Row::agreement).collect());
    let contacts = list(top, open().flat_map(Row::contacts).collect());
    let node = map(top, vec![entry("agreements", agreements), entry("contacts", contacts)]);
    Ok(Table { node, conflicts: rows.iter().flat_map(Row::conflicts).collect() })
}

/// Tables are written with commas, semicolons or tabs; whichever stands most often in the head.
fn reader(text: &str) -> csv::Reader<&[u8]> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let often = |mark: &u8| head.bytes().filter(|byte| byte == mark).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|mark| (often(mark), *mark == b',')).unwrap_or(b',');
    ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).flexible(false).from_reader(text.as_bytes())
}

fn name(column: &str) -> String {
    column.trim().to_lowercase().replace([' ', '-'], "_")
}

fn misnamed(columns: &[String]) -> Unreadable {
    let mut faults = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let spot = Spot { line: 1, column: at + 1 };
        if !COLUMNS.contains(&column.as_str()) {
            faults.push((spot, format!("unknown column {}; known are {}", quoted(column), COLUMNS.join(", "))));
        } else if columns[..at].contains(column) {
            faults.push((spot, format!("column `{column}` stands twice")));
        }
    }
    let lacking = NEEDED.iter().filter(|needed| !columns.iter().any(|column| column == **needed));
    faults.extend(lacking.map(|needed| (Spot { line: 1, column: 1 }, format!("column `{needed}` is missing"))));
    faults
}

/// Why a row cannot be read; what stands in it is never told.
fn unread(fault: &csv::Error) -> (Spot, String) {
    let line = fault.position().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(1);
    let why = match fault.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells where the head has {expected_len}")
        }
        _ => "cannot be read as a row of a table".to_owned(),
    };
    (Spot { line, column: 1 }, why)
}

struct Row<'a> {
    columns: &'a [String],
    record: &'a StringRecord,
    facts: &'a Facts,
    now: Instant,
}

impl Row<'_> {
    fn line(&self) -> usize {
        self.record.position().and_then(|at| usize::try_from(at.line()).ok()).unwrap_or(1)
    }

    fn start(&self) -> Spot {
        Spot { line: self.line(), column: 1 }
    }

    /// Place of a column in the row, or the row's own where the table has none.
    fn place(&self, column: &str) -> Spot {
        let at = self.columns.iter().position(|name| name == column).unwrap_or_default();
        Spot { line: self.line(), column: at + 1 }
    }

    /// Cell of a column with its place, unless it is empty.
    fn cell(&self, column: &str) -> Option<(Spot, &str)> {
        let at = self.columns.iter().position(|name| name == column)?;
        let text = plain(self.record.get(at)?);
        (!text.is_empty()).then_some((Spot { line: self.line(), column: at + 1 }, text))
    }

    /// Parts of a cell between semicolons.
    fn parts(&self, column: &str) -> Vec<(Spot, &str)> {
        let Some((spot, text)) = self.cell(column) else { return Vec::new() };
        text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(|part| (spot, part)).collect()
    }

    fn standing(&self) -> Option<&entity::agreement::Model> {
        self.facts.agreement.by_key(self.cell("number")?.1).map(AsRef::as_ref)
    }

    /// Whether an officer has gone on with what an earlier import registered.
    fn has_gone_on(&self) -> bool {
        self.standing().is_some_and(|row| row.status != entity::vocabulary::AgreementStatus::RegisteredIncomplete)
    }

    /// Parties and register that are others than those of the agreement the registry has under this number.
    fn conflicts(&self) -> Vec<(Spot, &'static str)> {
        let Some(standing) = self.standing() else { return Vec::new() };
        let organisation = |text: &str| find_organisation(self.facts, text);
        let register = |text: &str| self.facts.register.by_key(text).map(|row| row.id);
        let cell = |column| self.cell(column).map(|(spot, text)| (column, spot, text));
        let agrees = |column: &str, text: &str| match column {
            "discloser" => organisation(text) == Some(standing.discloser_id),
            "recipient" => organisation(text) == Some(standing.recipient_id),
            _ => register(text) == Some(standing.register_id),
        };
        ["discloser", "recipient", "register"]
            .into_iter()
            .filter_map(cell)
            .filter(|(column, _, text)| !agrees(column, text))
            .map(|(column, spot, _)| (spot, column))
            .collect()
    }

    fn agreement(&self) -> Node {
        let mut entries: Vec<Entry> =
            ["number", "case_register_id", "discloser", "recipient", "register", "signed_on", "starts_on", "ends_on"]
                .into_iter()
                .map(|column| match self.cell(column) {
                    Some((spot, cell)) => entry_at(spot, column, text(spot, cell)),
                    None => entry(column, list(self.place(column), Vec::new())),
                })
                .collect();
        let start = self.start();
        let status = "REGISTERED_INCOMPLETE";
        entries.push(entry_at(start, "status", text(start, status)));
        let from = text(start, &instant_text(self.registered_at()));
        let registered =
            vec![entry("status", text(start, status)), entry("from", from), entry("actor", text(start, "import"))];
        entries.push(entry_at(start, "history", list(start, vec![map(start, registered)])));
        entries.push(entry("bases", list(self.place("provisions"), self.bases())));
        entries.push(entry("scopes", list(self.place("items"), self.scope().into_iter().collect())));
        map(start, entries)
    }

    /// When it was first registered: now, or when an earlier import did.
    fn registered_at(&self) -> Instant {
        let entries = self.standing().into_iter().flat_map(|row| self.facts.status_entry.of(row.id));
        entries.map(|entry| entry.from_at).min().unwrap_or(self.now)
    }

    /// Provisions, each in the roles it is given with, else as a right to receive; nobody has reviewed them.
    fn bases(&self) -> Vec<Node> {
        let mut cited_once: Vec<(Spot, &str, Vec<Node>)> = Vec::new();
        for (spot, part) in self.parts("provisions") {
            let (citation, role) = cited(part);
            let role = text(spot, role.unwrap_or(RIGHT));
            match cited_once.iter_mut().find(|(_, other, _)| *other == citation) {
                Some((_, _, roles)) => roles.push(role),
                None => cited_once.push((spot, citation, vec![role])),
            }
        }
        let basis = |(spot, citation, roles)| {
            map(
                spot,
                vec![
                    entry_at(spot, "legal_basis", text(spot, citation)),
                    entry_at(spot, "roles", list(spot, roles)),
                    entry_at(spot, "adequacy", text(spot, "UNREVIEWED")),
                ],
            )
        };
        cited_once.into_iter().map(basis).collect()
    }

    /// What is disclosed over the one channel of the row; none where neither is told. Each item rests on every right the
    /// row cites, for a table does not say on which.
    fn scope(&self) -> Option<Node> {
        let (items, purposes) = (self.parts("items"), self.parts("purposes"));
        let channel = self.cell("channel");
        if items.is_empty() && purposes.is_empty() && channel.is_none() {
            return None;
        }
        let start = self.start();
        let spot = channel.map_or(start, |(spot, _)| spot);
        let said = |column: &'static str, otherwise: &str| {
            let (spot, cell) = self.cell(column).unwrap_or((spot, otherwise));
            entry_at(spot, column, text(spot, cell))
        };
        let views = channel.is_some_and(|(_, code)| code == Channel::ViewingConnection.code());
        let mut entries: Vec<Entry> =
            channel.map(|(spot, code)| entry_at(spot, "channel", text(spot, code))).into_iter().collect();
        entries.push(said("regularity", "RECURRING_FIXED"));
        entries.push(said("necessity_check", "CASE_REFERENCE"));
        entries.push(entry("status", text(spot, "DEFINED")));
        entries.push(entry("admission", text(spot, if views { "GRANT" } else { "NONE" })));
        entries.push(entry("defined_on", text(spot, &self.defined_on().to_string())));
        let listed = purposes.iter().map(|(spot, code)| text(*spot, code)).collect();
        entries.push(entry("purposes", list(purposes.first().map_or(spot, |(spot, _)| *spot), listed)));
        if !items.is_empty() {
            let spot = items[0].0;
            let codes = items.iter().map(|(spot, code)| text(*spot, code)).collect();
            let rights = self.rights().into_iter().map(|citation| text(spot, citation)).collect();
            let item = vec![
                entry_at(spot, "items", list(spot, codes)),
                said("population", "OWN_CLIENTS"),
                entry_at(spot, "bases", list(spot, rights)),
            ];
            entries.push(entry_at(spot, "items", list(spot, vec![map(spot, item)])));
        }
        Some(map(spot, entries))
    }

    fn rights(&self) -> Vec<&str> {
        let mut rights: Vec<&str> = Vec::new();
        for (_, part) in self.parts("provisions") {
            let (citation, role) = cited(part);
            if role.is_none_or(|role| matches!(role, RIGHT | "RIGHT_TO_DISCLOSE")) && !rights.contains(&citation) {
                rights.push(citation);
            }
        }
        rights
    }

    /// Day the content was defined on: that of the paper; where the paper has none, that of its registration.
    fn defined_on(&self) -> Day {
        let day = |column| self.cell(column).and_then(|(_, cell)| entity::vocabulary::read_day(cell));
        day("signed_on").or_else(|| day("starts_on")).unwrap_or_else(|| helsinki_day(self.registered_at()))
    }

    /// Mailboxes of both sides for this agreement.
    fn contacts(&self) -> Vec<Node> {
        [("discloser", "discloser_contact"), ("recipient", "recipient_contact")]
            .into_iter()
            .filter_map(|(side, column)| {
                let (spot, email) = self.cell(column)?;
                let mut entries = vec![
                    entry_at(spot, "role", text(spot, "DATA_EXCHANGE_DESK")),
                    entry_at(spot, "name", map(spot, vec![entry("fi", text(spot, "Sopimusasiat"))])),
                    entry_at(spot, "email", text(spot, email)),
                    entry_at(spot, "topics", list(spot, vec![text(spot, "AGREEMENT")])),
                ];
                let same = |(spot, cell): (Spot, &str), key| entry_at(spot, key, text(spot, cell));
                entries.extend(self.cell(side).map(|cell| same(cell, "organisation")));
                entries.extend(self.cell("number").map(|cell| same(cell, "agreement")));
                Some(map(spot, entries))
            })
            .collect()
    }
}

/// Text without the apostrophe that tells a spreadsheet that it is no formula.
fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text)
}

/// Citation and, in brackets behind it, its role.
fn cited(part: &str) -> (&str, Option<&str>) {
    match part.strip_suffix(')').and_then(|part| part.rsplit_once(" (")) {
        Some((citation, role)) if !role.starts_with("EU") => (citation, Some(role)),
        _ => (part, None),
    }
}

fn text(spot: Spot, text: &str) -> Node {
    Node { spot, value: Value::Text(text.to_owned()) }
}

fn list(spot: Spot, nodes: Vec<Node>) -> Node {
    Node { spot, value: if nodes.is_empty() { Value::Null } else { Value::List(nodes) } }
}

fn map(spot: Spot, entries: Vec<Entry>) -> Node {
    Node { spot, value: Value::Map(entries) }
}

fn entry(key: &str, node: Node) -> Entry {
    entry_at(node.spot, key, node)
}

fn entry_at(spot: Spot, key: &str, node: Node) -> Entry {
    Entry { key: key.to_owned(), spot, node }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, Unreadable> {
        parse(text, &Facts::default(), Instant::UNIX_EPOCH)
    }

    #[test]
    fn table_is_read_with_any_of_the_marks_spreadsheets_write() {
        for mark in [",", ";", "\t"] {
            let head = ["number", "discloser", "recipient", "Register"].join(mark);
            let row = ["KEL-1", "0246246-0", "2229500-6", "KELMU"].join(mark);
            let Ok(Table { node: Node { value: Value::Map(entries), .. }, .. }) =
                read(&format!("\u{feff}{head}\r\n{row}\r\n\r\n"))
            else {
                panic!("{mark:?}")
            };
            let Value::List(agreements) = &entries[0].node.value else { panic!("{mark:?}") };
            let Value::Map(agreement) = &agreements[0].value else { panic!("{mark:?}") };
            let said: Vec<_> = agreement
                .iter()
                .filter_map(|entry| match &entry.node.value {
                    Value::Text(text) => Some((entry.key.as_str(), text.as_str(), entry.spot.column)),
                    _ => None,
                })
                .collect();
            assert_eq!(said[..2], [("number", "KEL-1", 1), ("discloser", "0246246-0", 2)]);
            assert_eq!(column(&format!("{head}\n"), 4).as_deref(), Some("register"));
        }
    }

    #[test]
    fn cell_that_would_be_a_formula_reads_as_it_was_written() {
        for (written, meant) in [("'=1", "=1"), ("'x", "'x"), ("KEL-1", "KEL-1"), ("'-", "-")] {
            assert_eq!(plain(written), meant);
        }
    }

    #[test]
    fn role_stands_in_brackets_behind_a_citation() {
        assert_eq!(cited("906/2019 23 § (MODE)"), ("906/2019 23 §", Some("MODE")));
        assert_eq!(cited("906/2019 23 §"), ("906/2019 23 §", None));
    }
}
