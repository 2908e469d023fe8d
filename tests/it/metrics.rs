//! Figures of the process: what is counted as callers see it, where it is shown, and that no caller writes into it.

use std::collections::BTreeSet;

use api::{
    auth::Role,
    metrics::{Kind, METRICS},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use regex::Regex;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, KELA_OFFICER, PIRKANMAA},
    on_both_engines,
    process::{Serving, ask, closed, settings},
};

/// Figures at a door.
pub struct Figures(String);

impl Figures {
    /// Figures as a door tells them.
    pub fn read(text: String) -> Self {
        Self(text)
    }

    async fn of(house: &House) -> Self {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let reply = house.send(request).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
        Self(reply.body.as_str().unwrap().to_owned())
    }

    /// Value of a series, written as `name{label="value"}`; nothing where it is not shown.
    pub fn value(&self, series: &str) -> f64 {
        self.text(series).map_or(0.0, |value| value.parse().unwrap())
    }

    /// The same of what is counted.
    pub fn count(&self, series: &str) -> u64 {
        self.text(series).map_or(0, |value| value.parse().unwrap())
    }

    fn text(&self, series: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
    }
}

pub const DECIDE: &str = "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";

pub const SUSPEND: &str =
    "mutation($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { userErrors { code message } } }";

pub fn question() -> Value {
    json!({"input": {"recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
        "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/2026/1", "mandates": ["M1"]}})
}

// Other tests of the process count too, so that what is asked is how much more there is at least.
on_both_engines! {
    async fn what_the_gateway_does_is_counted(house: House) {
        let before = Figures::of(&house).await;
        let system = house.token(KELA, Role::System);
        let officer = house.token_as(KELA_OFFICER, KELA, &[Role::Officer], None);
        house.data(&system, DECIDE, question()).await;
        let recorded = house.data(&system, RECORD, json!({"input": {"disclosures": [disclosure("metrics")]}})).await;
        assert_eq!(recorded["recordDisclosures"]["userErrors"], json!([]));
        let id = house.agreement_id("KEL-2023-014").await;
        let suspended = house.data(&officer, SUSPEND, json!({"input": {"id": id, "reason": "MISUSE"}})).await;
        assert_eq!(suspended["suspendAgreement"]["userErrors"], json!([]));
        assert_eq!(house.errors(&system, "{ changes(first: 101) { nodes { seq } } }", json!({})).await, ["LIMIT_EXCEEDED"]);
        assert_eq!(house.errors(&system, "mutation { suspendAgreement(input: {}) { userErrors { code } } }", json!({})).await, ["INVALID_INPUT"]);
        assert_eq!(house.errors("a.b.c", "{ viewer { factsSeq } }", json!({})).await, ["UNAUTHENTICATED"]);
        let after = Figures::of(&house).await;
        for series in [
            r#"gateway_http_requests_total{route="/graphql",method="POST",status="2xx"}"#,
            r#"gateway_http_request_duration_seconds_count{route="/graphql"}"#,
            r#"gateway_graphql_operations_total{kind="query"}"#,
            r#"gateway_graphql_operations_total{kind="mutation"}"#,
            r#"gateway_graphql_operation_duration_seconds_count{kind="query"}"#,
            r#"gateway_decisions_total{door="accessDecision",verdict="PERMITTED"}"#,
            r#"gateway_disclosures_recorded_total{coverage="COVERED",outcome="DELIVERED"}"#,
            r#"gateway_record_batches_total{outcome="written"}"#,
            "gateway_record_batch_rows_count",
            "gateway_record_batch_duration_seconds_count",
            r#"gateway_errors_total{code="LIMIT_EXCEEDED"}"#,
            r#"gateway_errors_total{code="INVALID_INPUT"}"#,
            r#"gateway_limit_exceeded_total{limit="PAGE_SIZE_MAX"}"#,
            r#"gateway_acts_committed_total{action="suspendAgreement"}"#,
            r#"gateway_token_verifications_total{outcome="accepted"}"#,
            r#"gateway_token_verifications_total{outcome="Malformed"}"#,
            "process_cpu_seconds_total",
        ] {
            assert!(after.value(series) > before.value(series), "{series}\n{}", after.0);
        }
        for (series, least) in [
            ("gateway_journal_seq", 2.0),
            ("gateway_ready", 1.0),
            ("gateway_log_entries", 1_000.0),
            ("gateway_record_queue_rows_max", 16_384.0),
            ("gateway_facts_age_max_seconds", 5.0),
            (r#"gateway_database_connections{pool="read",state="max"}"#, 1.0),
            ("process_resident_memory_bytes", 1_000_000.0),
            ("process_open_fds", 3.0),
            ("process_max_fds", 3.0),
            ("process_threads", 2.0),
        ] {
            assert!(after.value(series) >= least, "{series}\n{}", after.0);
        }
    }
}

#[tokio::test]
async fn no_caller_writes_into_the_figures() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    house.data(&token, "query WrittenByCaller { viewer { factsSeq } }", json!({})).await;
    house.ask(&token, "query($written: Int) { writtenByCaller(first: $written) }", json!({"writtenByCaller": 1})).await;
    for path in [
        "/writtenbycaller",
        "/log/tile/writtenbycaller",
        "/export/agreements/writtenbycaller",
        "/graphiql/writtenbycaller",
    ] {
        for method in [Method::GET, Method::from_bytes(b"WRITTENBYCALLER").unwrap()] {
            house.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        }
    }
    let figures = Figures::of(&house).await.0;
    assert!(!figures.to_lowercase().contains("writtenbycaller"), "{figures}");
    assert!(!figures.contains(KELA) && !figures.contains("officer"), "{figures}");
    assert!(figures.contains(r#"route="other",method="other",status="4xx""#), "{figures}");
}

#[tokio::test]
async fn figures_have_their_own_door_where_one_is_named_and_the_main_one_then_has_none() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::System);
    let (directory, url) = closed(house).await;
    let mut settings = settings(directory.path(), &url).to_vec();
    settings.push(("METRICS_ADDR", "127.0.0.1:0"));
    let mut serving = Serving::start(&settings).await;
    let printed = serving.printed().await;
    let door = printed.iter().find_map(|line| line.strip_prefix("Figures are shown at ")).expect("a door").to_owned();
    let client = reqwest::Client::new();
    let (status, _) = ask(&client, &serving.url, &token, DECIDE, &question()).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    let figures = client.get(&door).send().await.unwrap().text().await.unwrap();
    // A process of its own: exactly what was asked of it.
    for line in [
        r#"gateway_http_requests_total{route="/graphql",method="POST",status="2xx"} 1"#,
        r#"gateway_decisions_total{door="accessDecision",verdict="PERMITTED"} 1"#,
        r#"gateway_decisions_total{door="accessDecision",verdict="DENIED"} 0"#,
        r#"gateway_errors_total{code="INTERNAL"} 0"#,
        r#"gateway_disclosures_recorded_total{coverage="UNCOVERED",outcome="DELIVERED"} 0"#,
        r#"gateway_trace_spans_total{outcome="failed"} 0"#,
        "gateway_panics_total 0",
        &format!(r#"gateway_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION")),
    ] {
        assert!(figures.lines().any(|found| found == line), "{line}\n{figures}");
    }
    let at = |door: &str, path: &str| client.get(format!("{}/{path}", door.rsplit_once('/').unwrap().0)).send();
    assert_eq!(at(&serving.url, "metrics").await.unwrap().status(), StatusCode::NOT_FOUND);
    for path in ["graphql", "healthz", "log/checkpoint"] {
        assert_eq!(at(&door, path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(serving.terminate().await.success());
}

/// Names a text uses: of our own prefixes, without what a histogram puts behind its name.
fn named(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"\b(?:gateway|process)_[a-z0-9_]+\b").unwrap();
    let histograms: Vec<_> =
        METRICS.iter().filter(|metric| matches!(metric.kind, Kind::Histogram(_))).map(|metric| metric.name).collect();
    let whole = |found: &str| {
        let of = |suffix: &str| found.strip_suffix(suffix).filter(|name| histograms.contains(name)).map(str::to_owned);
        ["_bucket", "_sum", "_count"].iter().find_map(|suffix| of(suffix)).unwrap_or_else(|| found.to_owned())
    };
    name.find_iter(text).map(|found| whole(found.as_str())).collect()
}

fn names() -> BTreeSet<String> {
    METRICS.iter().map(|metric| metric.name.to_owned()).collect()
}

#[test]
fn documentation_lists_every_figure_with_its_sort_labels_and_help() {
    let page = include_str!("../../docs/metrics.md");
    for metric in METRICS {
        let sort = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(" ") };
        let row = format!("| `{}` | {sort} | {labels} | {} |", metric.name, metric.help);
        assert!(page.lines().any(|line| line == row), "docs/metrics.md lacks the row\n{row}");
    }
    let unknown: Vec<_> = named(page).difference(&names()).cloned().collect();
    assert!(unknown.is_empty(), "docs/metrics.md names what is no figure: {unknown:?}");
}

#[test]
fn dashboard_shows_every_figure_and_no_other() {
    let text = include_str!("../../deploy/grafana/dashboard.json");
    let dashboard: Value = serde_json::from_str(text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let shown: BTreeSet<String> = asked.iter().flat_map(|asked| named(asked)).collect();
    assert_eq!(shown, names(), "shown on the left, there on the right");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for asked in asked {
        assert_eq!(asked.matches('(').count(), asked.matches(')').count(), "{asked}");
        assert!(labels_of(asked).iter().all(|label| is_label(label)), "{asked}: {:?}", labels_of(asked));
    }
}

#[test]
fn alerts_ask_for_figures_there_are_and_name_the_section_that_says_what_to_do() {
    let text = include_str!("../../deploy/prometheus/alerts.yaml");
    let page = include_str!("../../docs/operations.md");
    let alerts = Yaml::load_from_str(text).unwrap().remove(0);
    let rules = alerts["groups"][0]["rules"].as_vec().unwrap();
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_lowercase).collect();
    let mut said = BTreeSet::new();
    for rule in rules {
        let of = |value: &Yaml<'_>| value.as_str().unwrap_or_default().to_owned();
        let (name, asked, runbook) = (of(&rule["alert"]), of(&rule["expr"]), of(&rule["annotations"]["runbook"]));
        let unknown: Vec<_> = named(&asked).difference(&names()).cloned().collect();
        assert!(unknown.is_empty(), "{name} asks for {unknown:?}");
        assert!(!named(&asked).is_empty() || asked.starts_with("up{"), "{name} asks for nothing of ours");
        assert!(labels_of(&asked).iter().all(|label| is_label(label)), "{name}: {:?}", labels_of(&asked));
        assert!(["page", "ticket"].contains(&of(&rule["labels"]["severity"]).as_str()), "{name}");
        assert!(!of(&rule["annotations"]["summary"]).is_empty() && rule["for"].as_str().is_some(), "{name}");
        assert_eq!(runbook, format!("docs/operations.md#{}", name.to_lowercase()));
        assert!(headings.contains(&name.to_lowercase()), "docs/operations.md has no section {name}");
        assert!(said.insert(name), "each alert once");
    }
    assert!(said.len() >= 15, "{said:?}");
    let scrape = include_str!("../../deploy/prometheus/prometheus.yml");
    let scrape = Yaml::load_from_str(scrape).unwrap().remove(0);
    assert_eq!(scrape["rule_files"][0].as_str(), Some("alerts.yaml"));
    assert_eq!(
        scrape["scrape_configs"][0]["job_name"].as_str(),
        Some("disclosure-gateway"),
        "as the alert on `up` has it"
    );
}

/// Names of labels a question to Prometheus uses.
fn labels_of(asked: &str) -> Vec<String> {
    let selected = Regex::new(r#"([a-z_]+)\s*(?:=~|!~|!=|=)\s*""#).unwrap();
    let grouped = Regex::new(r"(?:by|ignoring|on)\s*\(([^)]*)\)").unwrap();
    let in_groups = grouped
        .captures_iter(asked)
        .flat_map(|found| found[1].split(',').map(|label| label.trim().to_owned()).collect::<Vec<_>>());
    selected.captures_iter(asked).map(|found| found[1].to_owned()).chain(in_groups).collect()
}

/// Whether a figure has a label, or Prometheus gives it one.
fn is_label(label: &str) -> bool {
    ["job", "instance", "le"].contains(&label) || METRICS.iter().any(|metric| metric.labels.contains(&label))
}
