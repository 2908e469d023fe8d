//! What keeps the figures and writes them as text for Prometheus. It listens nowhere: a door shows them.

use std::sync::LazyLock;

use ::metrics::{KeyName, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::{
    catalogue::METRICS,
    family::{Kind, Metric},
};

/// The process has one set of figures, as it has one clock; nothing needs to be installed before the first is counted.
pub(super) static EXPORTER: LazyLock<Exporter> = LazyLock::new(Exporter::new);

pub(super) struct Exporter {
    pub(super) recorder: PrometheusRecorder,
    pub(super) text: PrometheusHandle,
}

impl Exporter {
    fn new() -> Self {
        let builder = METRICS.iter().fold(PrometheusBuilder::new(), |builder, metric| match metric.kind {
            Kind::Counter | Kind::Gauge => builder,
            // Refused are only empty bounds, which a test looks for.
            Kind::Histogram(bounds) => {
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds).unwrap_or_default()
            }
        });
        let recorder = builder.build_recorder();
        for metric in METRICS {
            let (name, help) = (KeyName::from_const_str(metric.name), metric.help.into());
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None, help),
                Kind::Gauge => recorder.describe_gauge(name, None, help),
                Kind::Histogram(_) => recorder.describe_histogram(name, None, help),
            }
        }
        let text = recorder.handle();
        Self { recorder, text }
    }
}

/// Text of a counter without labels whose value is no whole number, for those of the recorder are.
pub(super) fn counted(metric: &Metric, value: f64) -> String {
    let Metric { name, help, .. } = metric;
    format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n")
}
