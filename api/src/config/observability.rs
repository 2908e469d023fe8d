//! Settings of who watches over the process: figures, traces, slow operations.

use std::{net::SocketAddr, time::Duration};

use reqwest::Url;

use super::{
    layers::Layers,
    setting::{Setting, duration, listen_addr},
};

pub(super) const METRICS_ADDR: Setting = Setting {
    name: "METRICS_ADDR",
    default: "",
    allowed: "IP address and port, `127.0.0.1:9464`, other than LISTEN_ADDR",
};
pub(super) const OTLP_ENDPOINT: Setting = Setting {
    name: "OTLP_ENDPOINT",
    default: "",
    allowed: "`http://` or `https://` address of a collector without user, query or fragment, `http://127.0.0.1:4318`",
};
pub(super) const SLOW_OPERATION: Setting =
    Setting { name: "SLOW_OPERATION", default: "1s", allowed: "duration from `1ms` to `1h`" };

/// Path of traces below a collector's address, as OTLP has it.
const TRACES_PATH: &str = "v1/traces";

/// How the process may be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observability {
    /// Address and port of the figures; null for `/metrics` at the main door.
    pub metrics_addr: Option<SocketAddr>,
    /// Where spans are sent, whole; null where none are.
    pub traces_url: Option<Url>,
    /// Time from which an operation has a log line of its own.
    pub slow_operation: Duration,
}

impl Observability {
    pub(super) fn read(layers: &mut Layers<'_>) -> Option<Self> {
        let metrics_addr = layers.read_optional(&METRICS_ADDR, listen_addr);
        let traces_url = layers.read_optional(&OTLP_ENDPOINT, traces_url);
        let slow_operation = layers.read(&SLOW_OPERATION, slow_operation);
        Some(Self { metrics_addr, traces_url, slow_operation: slow_operation? })
    }
}

fn traces_url(text: &str) -> Result<Url, String> {
    let mut url: Url = text.parse().map_err(|_| "is no address")?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !["http", "https"].contains(&url.scheme()) || !is_plain || url.fragment().is_some() {
        return Err("is no plain address over http".to_owned());
    }
    let path = format!("{}/{TRACES_PATH}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn slow_operation(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    let allowed = Duration::from_millis(1)..=Duration::from_hours(1);
    if allowed.contains(&time) { Ok(time) } else { Err("is out of bounds".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_below_the_address_of_the_collector() {
        for (given, sent) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/otlp/", "https://collector.example/otlp/v1/traces"),
        ] {
            assert_eq!(traces_url(given).map(|url| url.to_string()), Ok(sent.to_owned()));
        }
        for wrong in ["collector", "grpc://h:4317", "http://u:p@h", "http://u@h", "http://h?x=1", "http://h#x"] {
            assert!(traces_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_operation_is_slow_from_a_millisecond_to_an_hour() {
        assert!(slow_operation("0ms").is_err() && slow_operation("61m").is_err());
        assert!(slow_operation("1ms").is_ok() && slow_operation("1h").is_ok());
    }
}
