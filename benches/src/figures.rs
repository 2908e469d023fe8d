//! Medians and percentiles.

use std::time::Duration;

/// Middle value; of an even number the mean of the two.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// Value below which so many thousandths of the sorted values lie.
pub(crate) fn quantile(sorted: &[u64], thousandths: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * thousandths / 1_000).copied().unwrap_or(0)
}

/// Nanoseconds of one of `runs`.
#[expect(clippy::cast_precision_loss, reason = "figures have three digits")]
pub(crate) fn nanoseconds_each(took: Duration, runs: u64) -> f64 {
    took.as_nanos() as f64 / runs as f64
}

/// Number for reckoning with.
#[expect(clippy::cast_precision_loss, reason = "figures have three digits")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// The machine's load in the last minute, to be said with every figure.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("?").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!((quantile(&values, 500), quantile(&values, 990), quantile(&[], 500)), (50, 99, 0));
    }
}
