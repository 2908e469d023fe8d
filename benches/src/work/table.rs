//! What was measured, as the table of `docs/performance.md`.

use super::{
    measure::Row,
    peers::{RESIDENT_MAX, START_MAX, aim, best},
};

/// What the gateway's process took.
pub(crate) struct Process {
    /// Seconds from its start to its first answer.
    pub(crate) start: f64,
    /// Megabytes once it was ready.
    pub(crate) ready: f64,
    /// Megabytes after the run, and the most it had held.
    pub(crate) after: (f64, f64),
}

/// Head of the table.
const HEAD: &str = "| work | connections | requests a second | p50 | p99 | CPU of a request: gateway; PostgreSQL | plain \
    statement: a second; CPU | of it | bare handler | of it | best peer | of it | aim |\n\
    |---|---|---|---|---|---|---|---|---|---|---|---|---|\n";

/// The table.
pub(crate) fn rows(rows: &[Row]) -> String {
    [HEAD.to_owned()].into_iter().chain(rows.iter().map(row)).collect()
}

fn row(row: &Row) -> String {
    let (peer, aim) = (best(row.work), aim(row.work, row.name, row.connections, row.kept));
    let times = row.rate / peer.rate;
    let cells = [
        format!("{} {}{}", row.work, row.name, if row.kept { ", answers kept" } else { "" }),
        row.connections.to_string(),
        format!("**{}**", count(row.rate)),
        time(row.p50),
        time(row.p99),
        format!("{}; {}", time(row.cpu.0), time(row.cpu.1)),
        format!("{}; {}", count(row.floor), time(row.floor_cpu)),
        format!("{:.2} ×", row.rate / row.floor),
        count(row.ceiling),
        format!("{:.0} %", 100.0 * row.rate / row.ceiling),
        format!("{} {}", peer.name, count(peer.rate)),
        format!("{times:.1} ×"),
        format!("{aim} ×: {}", if times >= aim { "met" } else { "**missed**" }),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Two lines about the process, in the same form as those before.
pub(crate) fn process(process: &Process) -> String {
    let verdict = |value: f64, most: f64| if value <= most { "met" } else { "**missed**" };
    let Process { start, ready, after: (now, most) } = process;
    format!(
        "| resident after the run, at most, when ready | ≤ {RESIDENT_MAX} MB | **{now:.0} MB**, {most:.0} MB, {ready:.0} MB | {} |\n\
         | start to first answer | ≤ {START_MAX} s | **{start:.2} s** | {} |\n",
        verdict(*now, RESIDENT_MAX),
        verdict(*start, START_MAX),
    )
}

/// How fast the machine is beside the one the peers ran on: the same kind of statement on both.
pub(crate) fn pace(rows: &[Row]) -> String {
    let mut works: Vec<&str> = Vec::new();
    let mut said = Vec::new();
    for row in rows.iter().filter(|row| row.work != "W5") {
        if !works.contains(&row.work) {
            works.push(row.work);
            let then = best(row.work).statement;
            said.push(format!("{} {:.2} ×", row.work, row.floor / then));
        }
    }
    said.join(", ")
}

/// Whole number with its thousands set apart.
pub(crate) fn count(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value < 100.0 && value.fract() > 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut said = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// Microseconds in the unit that suits them.
fn time(micros: f64) -> String {
    match micros {
        none if none.is_nan() => "–".to_owned(),
        long if long >= 10_000.0 => format!("{:.0} ms", long / 1_000.0),
        middle if middle >= 1_000.0 => format!("{:.1} ms", middle / 1_000.0),
        short => format!("{short:.0} µs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            ["7.2", "999", "1,000", "1,234,568"],
            [7.24, 999.0, 1_000.0, 1_234_567.8].map(count).each_ref().map(String::as_str)
        );
    }

    #[test]
    fn times_are_said_in_their_unit() {
        assert_eq!(
            ["12 µs", "1.5 ms", "35 ms", "–"],
            [12.0, 1_500.0, 35_000.0, f64::NAN].map(time).each_ref().map(String::as_str)
        );
    }
}
