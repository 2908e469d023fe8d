//! Processor time as the operating system counts it.

use std::{collections::BTreeMap, fs};

use anyhow::Context;
use sqlx::PgConnection;

/// Microseconds of a tick, in which Linux tells processor time to programs on every common processor.
const TICK_MICROS: u64 = 10_000;

/// The processes of one PostgreSQL: its postmaster and whatever that starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    postmaster: u32,
}

impl Server {
    /// Server of a connection; none when it runs on another machine.
    pub(crate) async fn of(connection: &mut PgConnection) -> anyhow::Result<Option<Self>> {
        let backend: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(connection).await?;
        let backend = u32::try_from(backend)?;
        let parent = Stat::of(backend).filter(Stat::is_postgres).map(|stat| stat.parent);
        let postmaster = parent.filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.is_postgres()));
        Ok(postmaster.map(|postmaster| Self { postmaster }))
    }

    /// Microseconds of processor all its processes have used, those that have ended among them.
    pub(crate) fn micros(self) -> anyhow::Result<u64> {
        loop {
            let before = self.own()?;
            let children = all().into_values().filter(|stat| stat.parent == self.postmaster).map(|stat| stat.own);
            let children: u64 = children.sum();
            let after = self.own()?;
            // One that ended meanwhile would be counted in neither place, or in both.
            if before.ended_children == after.ended_children {
                return Ok((after.own + after.ended_children + children) * TICK_MICROS);
            }
        }
    }

    fn own(self) -> anyhow::Result<Stat> {
        Stat::of(self.postmaster).context("PostgreSQL has ended")
    }
}

/// Microseconds of processor a process has used.
pub(crate) fn micros(process: u32) -> anyhow::Result<u64> {
    Ok(Stat::of(process).context("the process has ended")?.own * TICK_MICROS)
}

/// What is said of one process, times in ticks.
struct Stat {
    name: String,
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Self> {
        Self::read(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// Reads proc_pid_stat(5). The name stands in parentheses and may hold any character, so the last closes it.
    fn read(text: &str) -> Option<Self> {
        let (before, after) = text.rsplit_once(')')?;
        let name = before.split_once('(')?.1.to_owned();
        let fields: Vec<&str> = after.split_whitespace().collect();
        let count = |field: usize| fields.get(field)?.parse::<u64>().ok();
        let parent = fields.get(1)?.parse().ok()?;
        Some(Self { name, parent, own: count(11)? + count(12)?, ended_children: count(13)? + count(14)? })
    }

    fn is_postgres(&self) -> bool {
        self.name == "postgres"
    }
}

fn all() -> BTreeMap<u32, Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter_map(|process| Some((process, Stat::of(process)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_parenthesis_hides_no_field() {
        let stat = Stat::read("7 (a) b) S 3 7 7 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0").unwrap();
        assert_eq!((stat.name.as_str(), stat.parent, stat.own, stat.ended_children), ("a) b", 3, 23, 27));
    }

    #[test]
    fn work_is_counted() {
        let before = micros(std::process::id()).unwrap();
        let started = std::time::Instant::now();
        while started.elapsed() < std::time::Duration::from_millis(50) {
            std::hint::black_box(started);
        }
        assert!(micros(std::process::id()).unwrap() > before);
    }
}
