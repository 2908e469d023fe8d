//! One figure and its handles: each is made once for each set of label values, and found again without formatting.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use ::metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use arc_swap::ArcSwap;
use foldhash::fast::FixedState;

use super::exporter::EXPORTER;

/// Where every figure comes from.
const METADATA: Metadata<'static> = Metadata::new("gateway", Level::INFO, None);

/// What sort of figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts values up to each of these bounds.
    Histogram(&'static [f64]),
}

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Name; its last word but `total` is the unit, where it has one.
    pub name: &'static str,
    /// What sort.
    pub kind: Kind,
    /// What is counted or measured, in one sentence.
    pub help: &'static str,
    /// Names of its labels, each of bounded values.
    pub labels: &'static [&'static str],
}

/// Handle of a figure.
pub(super) trait Handle: Clone + Send + Sync + 'static {
    /// Makes the handle.
    fn register(recorder: &dyn Recorder, key: &Key) -> Self;
}

impl Handle for Counter {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_counter(key, &METADATA)
    }
}

impl Handle for Gauge {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_gauge(key, &METADATA)
    }
}

impl Handle for Histogram {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_histogram(key, &METADATA)
    }
}

type Made<H, const N: usize> = HashMap<[&'static str; N], H, FixedState>;

/// A figure with its handles. Label values are texts of the program itself, never of a caller: the type holds it.
pub(super) struct Family<H: 'static, const N: usize> {
    pub(super) metric: Metric,
    made: LazyLock<ArcSwap<Made<H, N>>>,
}

impl<const N: usize> Family<Counter, N> {
    pub(super) const fn counter(name: &'static str, labels: &'static [&'static str; N], help: &'static str) -> Self {
        Self { metric: Metric { name, kind: Kind::Counter, help, labels }, made: LazyLock::new(ArcSwap::default) }
    }

    /// Adds to it.
    pub(super) fn add(&self, values: [&'static str; N], count: u64) {
        self.with(values, |counter| counter.increment(count));
    }
}

impl<const N: usize> Family<Gauge, N> {
    pub(super) const fn gauge(name: &'static str, labels: &'static [&'static str; N], help: &'static str) -> Self {
        Self { metric: Metric { name, kind: Kind::Gauge, help, labels }, made: LazyLock::new(ArcSwap::default) }
    }

    /// Sets it.
    pub(super) fn set(&self, values: [&'static str; N], value: f64) {
        self.with(values, |gauge| gauge.set(value));
    }
}

impl<const N: usize> Family<Histogram, N> {
    pub(super) const fn histogram(
        name: &'static str,
        labels: &'static [&'static str; N],
        bounds: &'static [f64],
        help: &'static str,
    ) -> Self {
        let kind = Kind::Histogram(bounds);
        Self { metric: Metric { name, kind, help, labels }, made: LazyLock::new(ArcSwap::default) }
    }

    /// Adds a value to it.
    pub(super) fn record(&self, values: [&'static str; N], value: f64) {
        self.with(values, |histogram| histogram.record(value));
    }
}

impl<H: Handle, const N: usize> Family<H, N> {
    /// Shows it, at nothing, before anything is counted: a rise from nothing is then seen as one.
    pub(super) fn show(&self, values: [&'static str; N]) {
        self.with(values, |_| ());
    }

    pub(super) fn with<T>(&self, values: [&'static str; N], used: impl FnOnce(&H) -> T) -> T {
        let made = self.made.load();
        match made.get(&values) {
            Some(handle) => used(handle),
            None => used(&self.make(values)),
        }
    }

    #[cold]
    fn make(&self, values: [&'static str; N]) -> H {
        let labels = self.metric.labels.iter().zip(values).map(|(name, value)| Label::from_static_parts(name, value));
        let key = Key::from_parts(self.metric.name, labels.collect::<Vec<_>>());
        // The recorder knows a key again: whoever else makes it meanwhile gets the same figure.
        let handle = H::register(&EXPORTER.recorder, &key);
        self.made.rcu(|made| {
            let mut more = Made::clone(made);
            more.insert(values, handle.clone());
            Arc::new(more)
        });
        handle
    }
}
