//! Writes the large world through the journal and the recorder, as an import does.

use std::time::Instant;

use anyhow::{Context, ensure};
use api::{
    app::App,
    clock::Clock,
    disclosure::{DisclosureDraft, RECORD_ROWS_MAX, SubjectDraft},
    facts::Edit,
    journal::{Author, CHANGE_ROWS_MAX, Changes},
};
use clap::Args;
use entity::vocabulary::{Channel, DisclosureGround, DisclosureOutcome, Operation};

use crate::{
    Place,
    figures::nanoseconds_each,
    world::{self, ITEM, NATION, PURPOSES, REGISTERS},
};

/// Calls of the recorder under way at once.
const CALLS: usize = 8;

/// Days over which the disclosures spread, back from now.
const DAYS: i64 = 540;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Disclosures to record.
    #[arg(long, default_value_t = 100_000)]
    disclosures: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let app = App::open(options.place.config()?, Clock::default()).await?;
    ensure!(app.is_new, "the database is not new; the large world is loaded into a new one");
    let started = Instant::now();
    let rows = world::rows(&app.gateway.journal.facts(), NATION)?;
    let count = rows.len();
    registry(&app, rows).await?;
    println!("registry: {count} rows in {:.1} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    disclosures(&app, options.disclosures).await?;
    let took = started.elapsed();
    let each = nanoseconds_each(took, options.disclosures as u64);
    println!("disclosures: {} in {:.1} s, {:.0} a second", options.disclosures, took.as_secs_f64(), 1e9 / each);
    app.close().await;
    Ok(())
}

/// Writes registry rows in one transaction, as an import does: no agreement stands half-written between two.
async fn registry(app: &App, rows: Vec<Edit>) -> anyhow::Result<()> {
    let mut rows = rows.into_iter().peekable();
    let mut changes = Vec::new();
    while rows.peek().is_some() {
        let edits = rows.by_ref().take(CHANGE_ROWS_MAX).collect();
        changes.push(Changes { action: "import", subject: "world:load".to_owned(), reason: None, edits });
    }
    let author = Author { actor: "loader".to_owned(), organisation: None };
    let written = app.gateway.journal.commit(author, move |_| Ok(changes)).await;
    written.map(drop).map_err(|error| anyhow::anyhow!("{error:?}"))
}

async fn disclosures(app: &App, count: usize) -> anyhow::Result<()> {
    let mut calls = tokio::task::JoinSet::new();
    for first in (0..count).step_by(RECORD_ROWS_MAX) {
        if calls.len() >= CALLS
            && let Some(done) = calls.join_next().await
        {
            done??;
        }
        let register = first / RECORD_ROWS_MAX % REGISTERS;
        let now = app.gateway.clock.now();
        let last = count.min(first + RECORD_ROWS_MAX);
        let drafts = (first..last).map(|at| draft(at, register, now - chrono::TimeDelta::hours(stride(at))));
        let drafts = drafts.collect::<anyhow::Result<Vec<_>>>()?;
        let discloser = world::business_id(register).context("no such organisation")?.to_string();
        let discloser = app.gateway.journal.facts().organisation_of(&discloser).context("no such organisation")?.id;
        let recorder = app.recorder.clone();
        calls.spawn(async move {
            recorder.record(discloser, drafts).await.map(drop).map_err(|error| anyhow::anyhow!("{error:?}"))
        });
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    Ok(())
}

/// Hours back from now, scattered.
fn stride(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(0).wrapping_mul(7_919) % (DAYS * 24)
}

/// Disclosure of one register to one of its recipients.
fn draft(at: usize, register: usize, occurred_at: entity::vocabulary::Instant) -> anyhow::Result<DisclosureDraft> {
    let recipients = NATION.organisations - REGISTERS;
    let recipient = REGISTERS + (at / REGISTERS * REGISTERS + register) % (recipients / REGISTERS * REGISTERS);
    Ok(DisclosureDraft {
        message_id: format!("load-{at}"),
        part: 0,
        recipient: Some(world::business_id(recipient).context("no such organisation")?.to_string()),
        register: world::register_code(register),
        items: vec![ITEM.to_owned()],
        purpose: PURPOSES[at % PURPOSES.len()].to_owned(),
        channel: Channel::TechnicalInterface,
        operation: Operation::Read,
        occurred_at: occurred_at.to_rfc3339(),
        subject: SubjectDraft::PersonalIdentityCode(identity_code(at).into()),
        case_reference: Some(format!("{}/2026", at % 9_973)),
        end_user: None,
        client_system: Some("client".to_owned()),
        mandates: vec!["M1".to_owned()],
        outcome: DisclosureOutcome::Delivered,
        ground: DisclosureGround::Statute,
        consent_reference: None,
        onward_to: None,
        agreement: None,
        withheld_until: None,
        withholding_basis: None,
        corrects: None,
    })
}

/// Personal identity code of nobody: its individual number is one of those kept for tests.
pub(crate) fn identity_code(at: usize) -> String {
    const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (day, month, year, individual) = (1 + at % 28, 1 + at / 28 % 12, at / 336 % 100, 900 + at / 33_600 % 100);
    let reckoned = ((day * 100 + month) * 100 + year) * 1_000 + individual;
    format!("{day:02}{month:02}{year:02}-{individual}{}", char::from(CHECK[reckoned % CHECK.len()]))
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::PersonalIdentityCode;

    use super::*;

    #[test]
    fn identity_codes_are_well_formed_and_nobodys() {
        for at in (0..5_000_000).step_by(997) {
            assert!(PersonalIdentityCode::parse(&identity_code(at)).is_ok(), "{}", identity_code(at));
        }
    }
}
