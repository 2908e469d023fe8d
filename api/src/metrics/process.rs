//! What the system says of the process. Where there is no `/proc`, it says nothing.

use std::fs;

use super::catalogue::{OPEN_FILES, OPEN_FILES_MAX, RESIDENT, THREADS};

/// Ticks of a second in `/proc/self/stat`: fixed for programs on Linux, whatever the kernel counts with.
const TICKS: f64 = 100.0;

const KIBIBYTE: f64 = 1024.0;

/// Reads what rises and falls.
pub(super) fn sample() {
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let number = |name| line(&status, name).and_then(number);
        set(number("VmRSS:").map(|kibibytes| kibibytes * KIBIBYTE), |bytes| RESIDENT.set([], bytes));
        set(number("Threads:"), |threads| THREADS.set([], threads));
    }
    if let Ok(limits) = fs::read_to_string("/proc/self/limits") {
        set(line(&limits, "Max open files").and_then(number), |files| OPEN_FILES_MAX.set([], files));
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        let files = u32::try_from(files.count()).unwrap_or(u32::MAX);
        OPEN_FILES.set([], f64::from(files));
    }
}

/// Processor time used so far.
pub(super) fn processor_time() -> Option<f64> {
    processor_seconds(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn set(value: Option<f64>, to: impl FnOnce(f64)) {
    if let Some(value) = value {
        to(value);
    }
}

fn line<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}

fn number(text: &str) -> Option<f64> {
    text.split_whitespace().next()?.parse().ok()
}

/// User and system time. The name of the program, in brackets, may hold anything; the fields count from behind it.
fn processor_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
    Some((times.next()?? + times.next()??) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_whatever_the_program_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 100 0 0";
        assert_eq!(processor_seconds(stat), Some(2.0));
        assert_eq!(processor_seconds("7 (a) S 1"), None);
    }
}
