//! Statistics as CSV (RFC 4180): all rows of one answer, of one state of the log, as a file that says by itself what it
//! holds and whether it is whole.
//!
//! Lines that start with `#` stand before and after the table. Those before say what was asked, when, how exactly it is
//! answered and until when everything is counted; those after say how many rows there are and the SHA-256 of the table, its
//! head included, as it stands between them. A file without its last line is not whole.

use aws_lc_rs::digest::{Context, SHA256};
use csv::{Terminator, Writer, WriterBuilder};
use entity::vocabulary::{Language, instant_text};
use sea_orm::DatabaseTransaction;

use super::{
    Asked, Reading, Sources, StatisticsRow,
    rules::{self, KeyValue, Sight, StatisticsQuestion},
};
use crate::{Error, journal::leaf::hex};

/// Rows written between two handings over.
const ROWS_PER_PIECE: usize = 1_000;

/// Characters a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// An answer as CSV, piece by piece.
pub struct Csv<'a> {
    reading: Reading<'a>,
    asked: Asked<'a>,
    language: Language,
    asked_as: String,
    stage: Stage,
    digest: Context,
    rows: u64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Rows,
    Nothing,
}

impl<'a> Csv<'a> {
    /// Begins the answer to a question `asked_as` so many names and values. `snapshot` sees one state throughout.
    ///
    /// # Errors
    /// Every fault of the question; unavailable when the database does not answer.
    pub async fn start(
        snapshot: &'a DatabaseTransaction,
        sources: &'a Sources,
        asked: Asked<'a>,
        language: Language,
        asked_as: String,
    ) -> Result<Self, Error> {
        let reading = Reading::start(snapshot, sources, asked, None).await?;
        let (stage, digest) = (Stage::Head, Context::new(&SHA256));
        Ok(Self { reading, asked, language, asked_as, stage, digest, rows: 0 })
    }

    /// Next piece; null after the last.
    ///
    /// # Errors
    /// As [`Reading::next`].
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        let (head, mut end) = match self.stage {
            Stage::Nothing => return Ok(None),
            Stage::Head => {
                table.write_record(columns(self.asked.question)).map_err(|fault| unwritten(&fault))?;
                (self.head(), String::new())
            }
            Stage::Rows => (String::new(), String::new()),
        };
        self.stage = Stage::Rows;
        let mut is_whole = false;
        for _ in 0..ROWS_PER_PIECE {
            let Some(row) = self.reading.next().await? else {
                is_whole = true;
                break;
            };
            self.rows += 1;
            table.write_record(self.fields(row)).map_err(|fault| unwritten(&fault))?;
        }
        let table = text(table)?;
        self.digest.update(table.as_bytes());
        if is_whole {
            self.stage = Stage::Nothing;
            end = self.end();
        }
        Ok(Some(head + &table + &end))
    }

    fn head(&self) -> String {
        let Asked { facts, sight, now, .. } = self.asked;
        let (sight, counted) = match sight {
            Sight::Everything => ("EXACT", "everything".to_owned()),
            Sight::Own(own) => ("EXACT", format!("what {} disclosed or received", rules::organisation(facts, own))),
            Sight::Rounded => ("ROUNDED", "everything of closed days".to_owned()),
        };
        [
            ("disclosure_statistics", "1".to_owned()),
            ("question", self.asked_as.clone()),
            ("generated_at", instant_text(now)),
            ("covered_until", instant_text(self.reading.covered_until)),
            ("sight", sight.to_owned()),
            ("counted", counted),
        ]
        .map(|(key, value)| comment(key, &value))
        .concat()
    }

    fn end(&self) -> String {
        let hash = self.digest.clone().finish();
        [comment("rows", &self.rows.to_string()), comment("sha256", &hex(hash.as_ref()))].concat()
    }

    fn fields(&self, row: StatisticsRow) -> Vec<String> {
        let Asked { facts, .. } = self.asked;
        let mut fields = vec![row.period];
        for (dimension, value) in row.keys {
            let label = rules::label(facts, dimension, &value, self.language);
            let value = match value {
                KeyValue::Nothing | KeyValue::Restricted => String::new(),
                KeyValue::Value(value) => value,
            };
            fields.extend([harmless(value), harmless(label)]);
        }
        let count = |count: Option<i64>| count.map_or_else(String::new, |count| count.to_string());
        fields.extend([count(row.disclosures), count(row.subject_count), row.suppressed.to_string()]);
        fields
    }
}

fn columns(question: &StatisticsQuestion) -> Vec<String> {
    let mut columns = vec!["period".to_owned()];
    for dimension in &question.group_by {
        let name = dimension.code().to_lowercase();
        columns.extend([name.clone(), format!("{name}_label")]);
    }
    columns.extend(["disclosures", "subject_count", "suppressed"].map(str::to_owned));
    columns
}

/// Line that is no part of the table. Its value is one of ours, or made of values that were found.
fn comment(key: &str, value: &str) -> String {
    format!("# {key}: {value}\r\n")
}

/// Text that no spreadsheet takes for a formula: an apostrophe before it says that it is text.
pub fn harmless(text: String) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text }
}

fn text(table: Writer<Vec<u8>>) -> Result<String, Error> {
    let bytes = table.into_inner().map_err(|fault| Error::internal(fault.to_string()))?;
    String::from_utf8(bytes).map_err(|fault| Error::internal(fault.to_string()))
}

fn unwritten(fault: &csv::Error) -> Error {
    Error::internal(fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_spreadsheet_would_reckon_with_stands_first() {
        for text in ["=1+1", "+358", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(harmless(text.to_owned()), format!("'{text}"));
        }
        for text in ["", "0246246-0", "–", "Kela", "'x", "1=1"] {
            assert_eq!(harmless(text.to_owned()), text);
        }
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() -> Result<(), Error> {
        let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        table.write_record(["a,b", "say \"x\"", "703/2023 64 § 1 mom"]).map_err(|fault| unwritten(&fault))?;
        assert_eq!(text(table)?, "\"a,b\",\"say \"\"x\"\"\",703/2023 64 § 1 mom\r\n");
        Ok(())
    }
}
