//! The way to the collector: spans wait in a bounded queue and are sent by a thread of their own. Whoever makes a span never
//! waits, and a collector that does not answer costs spans, not answers.

use std::{future::poll_fn, pin::pin, time::Duration};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter},
};
use reqwest::{Client, Url, redirect::Policy};
use tokio::runtime::Handle;

use crate::metrics;

/// Spans that may wait to be sent; what comes beyond is dropped.
pub const SPANS_WAITING_MAX: usize = 8_192;

/// Spans of one request to the collector.
pub const SPANS_SENT_MAX: usize = 512;

/// Longest time a span waits for others.
pub const SEND_AFTER: Duration = Duration::from_secs(1);

/// Time the collector has to answer.
pub const SEND_TIME_MAX: Duration = Duration::from_secs(5);

/// Time the last spans have to be sent when the process stops.
pub const FLUSH_TIME_MAX: Duration = Duration::from_secs(5);

/// Starts sending to an address. The provider must be told to stop, or the last spans are lost.
///
/// # Errors
/// When no client can be made.
pub(super) fn start(url: &Url) -> Result<(SdkTracerProvider, SdkTracer), Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::builder().redirect(Policy::none()).timeout(SEND_TIME_MAX).build()?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(url.as_str())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(SEND_TIME_MAX)
        .build()?;
    let waiting = BatchConfigBuilder::default()
        .with_max_queue_size(SPANS_WAITING_MAX)
        .with_max_export_batch_size(SPANS_SENT_MAX)
        .with_scheduled_delay(SEND_AFTER)
        .build();
    let sender = Sender { exporter, runtime: Handle::current() };
    let resource = Resource::builder_empty()
        .with_service_name("disclosure-gateway")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(sender).with_batch_config(waiting).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("disclosure-gateway");
    Ok((provider, tracer))
}

/// Sends spans from the thread they are gathered on, over the connections of the process's runtime.
#[derive(Debug)]
struct Sender {
    exporter: opentelemetry_otlp::SpanExporter,
    runtime: Handle,
}

impl SpanExporter for Sender {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let count = spans.len();
        let mut sent = pin!(self.exporter.export(spans));
        let sent = poll_fn(|cx| {
            let _within = self.runtime.enter();
            sent.as_mut().poll(cx)
        });
        let sent = sent.await;
        metrics::spans(sent.as_ref().map(drop).map_err(drop), count);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
