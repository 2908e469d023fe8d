//! Events as a receiver sees them: signed, in order, at least once, about its own affairs and nobody's person; whatever goes
//! wrong on the way.

mod receiver;

use std::{sync::Arc, time::Duration};

use api::{
    auth::{
        Role::{Administrator, Auditor, Officer},
        Viewer,
    },
    change,
    context::View,
};
use chrono::TimeDelta;
use entity::vocabulary::Language;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::time::{Instant, sleep};

use crate::{
    golden,
    house::{DVV, Engine, House, KELA, KELA_OFFICER, LVV, OMBUDSMAN, PIRKANMAA, THL, codes},
    on_both_engines,
    process::{Serving, ask, closed, gateway, run, settings, text},
    reports::assert_whole,
};
use receiver::{Behaviour, Heard, Receiver};

/// Longest that anything but an event is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Long enough for a task that looks every second to have looked twice.
const TWO_LOOKS: Duration = Duration::from_millis(2_500);

/// Agreement between Kela and Pirkanmaa.
const NUMBER: &str = "KEL-2023-014";

const NOTE: &str = "Selvitys kesken.";

fn open(name: &str) -> Option<String> {
    (name == "WEBHOOK_PRIVATE_ADDRESSES").then(|| "true".to_owned())
}

/// Webhook and the secret told with it.
struct Registered {
    id: String,
    secret: String,
}

impl House {
    async fn opened(self) -> Self {
        self.reopened_with(open).await
    }

    async fn webhook_act(&self, organisation: &str, act: &str, input: Value) -> Value {
        let type_name = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);
        let secret = if ["registerWebhook", "rotateWebhookSecret"].contains(&act) { "secret" } else { "" };
        let query = format!(
            "mutation($input: {type_name}!) {{ {act}(input: $input) {{ webhook {{ id url topics status pause rotatedAt }} \
             {secret} userErrors {{ code path }} }} }}"
        );
        let token = self.token(organisation, Officer);
        self.data(&token, &query, json!({ "input": input })).await[act].clone()
    }

    async fn register(&self, organisation: &str, receiver: &Receiver, topics: Value) -> Registered {
        let input = json!({ "url": receiver.url, "topics": topics });
        let made = self.webhook_act(organisation, "registerWebhook", input).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Registered { id: text(&made["webhook"]["id"]), secret: text(&made["secret"]) }
    }

    /// Webhooks of an organisation as it sees them.
    async fn webhooks(&self, organisation: &str) -> Vec<Value> {
        let query = "{ webhooks { nodes { id url status pause statusAt rotatedAt
            deliveries(first: 100) { nodes { eventId attempt status fault } } } } }";
        let seen = self.data(&self.token(organisation, Officer), query, json!({})).await;
        seen["webhooks"]["nodes"].as_array().unwrap().clone()
    }

    /// Waits until the one webhook of an organisation is as it should be.
    async fn webhook_once(&self, organisation: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let waited = Instant::now();
        loop {
            let found = self.webhooks(organisation).await.remove(0);
            if is_so(&found) {
                return found;
            }
            assert!(waited.elapsed() < PATIENCE, "{found:#}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Suspends the agreement and resumes it so many times; positions of the journal.
    async fn acts(&self, times: usize) -> Vec<String> {
        let id = self.agreement_id(NUMBER).await;
        let token = self.token(KELA, Officer);
        let mut seqs = Vec::new();
        for _ in 0..times {
            let input = json!({ "id": id, "reason": "MISUSE", "note": NOTE });
            seqs.push(self.done(&token, "suspendAgreement", input).await);
            seqs.push(self.done(&token, "resumeAgreement", json!({ "id": id })).await);
        }
        seqs.into_iter().map(|seq| format!("change-{seq}")).collect()
    }

    /// Ids of the events an officer finds in `changes` after a position.
    async fn changes_after(&self, organisation: &str, seq: i64) -> Vec<String> {
        let query = "query($after: String) { changes(first: 100, after: $after) { nodes { seq } pageInfo { hasNextPage endCursor } } }";
        let (token, mut found, mut after) = (self.token(organisation, Officer), Vec::new(), Value::Null);
        loop {
            let page = self.data(&token, query, json!({ "after": after })).await["changes"].clone();
            let seqs = page["nodes"].as_array().unwrap().iter().map(|change| change["seq"].as_i64().unwrap());
            found.extend(seqs.filter(|found| *found > seq).map(|seq| format!("change-{seq}")));
            if page["pageInfo"]["hasNextPage"] == false {
                return found;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    fn facts_seq(&self) -> i64 {
        self.app.gateway.journal.facts().seq
    }

    fn later(&self, by: TimeDelta) {
        let clock = &self.app.gateway.clock;
        clock.set(clock.now() + by);
    }
}

/// Judges an event as its receiver does.
fn judge(heard: &Heard, secret: &str) {
    let webhook = Webhook::new(secret).unwrap();
    let at = heard.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    let expected = webhook.sign(heard.id(), at, heard.text.as_bytes()).unwrap();
    let given = heard.headers["webhook-signature"].to_str().unwrap();
    assert!(given.split(' ').any(|signature| signature == expected), "{given}");
    assert_eq!(heard.headers["content-type"], "application/cloudevents+json");
    assert_eq!(heard.body["id"], heard.id());
    let schema = std::fs::read_to_string(golden::root().join("docs/events.schema.json")).unwrap();
    let schema = jsonschema::draft202012::new(&serde_json::from_str(&schema).unwrap()).unwrap();
    let faults: Vec<_> = schema.iter_errors(&heard.body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}: {}", heard.text);
    for never in [KELA_OFFICER, "officer", NOTE, "MISUSE", "reason", "actor", "pseudonym"] {
        assert!(!heard.text.contains(never), "`{never}` stands in {}", heard.text);
    }
}

fn fault_codes(answer: &Value) -> Vec<&str> {
    answer["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn an_officer_keeps_the_webhooks_of_its_own_organisation(house: House) {
        let url = json!({ "url": "https://receiver.example.fi/events", "topics": ["SCOPE", "AGREEMENT"] });
        let tried = house.webhook_act(KELA, "registerWebhook", json!({ "url": url["url"], "validateOnly": true })).await;
        assert_eq!((&tried["secret"], fault_codes(&tried)), (&Value::Null, vec![]));
        assert_eq!(house.webhooks(KELA).await, Vec::<Value>::new());
        let made = house.webhook_act(KELA, "registerWebhook", url.clone()).await;
        assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
        assert_eq!(made["webhook"]["topics"], json!(["AGREEMENT", "SCOPE"]));
        let again = house.webhook_act(KELA, "registerWebhook", url.clone()).await;
        assert_eq!((&again["webhook"]["id"], &again["secret"]), (&made["webhook"]["id"], &Value::Null), "told once");
        let other = house.webhook_act(KELA, "registerWebhook", json!({ "url": url["url"] })).await;
        assert_eq!(fault_codes(&other), ["CONFLICT"]);

        let id = json!({ "id": made["webhook"]["id"] });
        let because = json!({ "id": made["webhook"]["id"], "reason": "Huolto." });
        for (act, input) in [("pauseWebhook", &because), ("resumeWebhook", &id), ("rotateWebhookSecret", &id), ("retireWebhook", &because)] {
            assert_eq!(fault_codes(&house.webhook_act(PIRKANMAA, act, input.clone()).await), ["NOT_FOUND"], "{act}");
        }
        let seen = "query { webhooks { nodes { id url status deliveries { nodes { eventId } } } } }";
        for (organisation, role, nodes) in [
            (PIRKANMAA, Officer, json!([])),
            (KELA, Auditor, json!([{ "id": id["id"], "url": url["url"], "status": "ACTIVE", "deliveries": { "nodes": [] } }])),
            (OMBUDSMAN, Auditor, json!([{ "id": id["id"], "url": url["url"], "status": "ACTIVE", "deliveries": { "nodes": [] } }])),
            (DVV, Administrator, json!([{ "id": id["id"], "url": null, "status": "ACTIVE", "deliveries": { "nodes": [] } }])),
        ] {
            assert_eq!(house.data(&house.token(organisation, role), seen, json!({})).await["webhooks"]["nodes"], nodes, "{organisation} {role:?}");
        }
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(codes(&house.ask(&house.token(THL, Officer), node, id.clone()).await), ["NOT_FOUND"]);
        // An administrator finds in the journal that it was registered, and not where it leads.
        let journal = "{ changes(first: 100, filter: {action: \"registerWebhook\"}) { nodes { rows { fields { name after } } } } }";
        let rows = |token: String| { let house = &house; async move { house.data(&token, journal, json!({})).await.to_string() } };
        assert!(!rows(house.token(DVV, Administrator)).await.contains("receiver.example.fi"));
        assert!(rows(house.token(KELA, Officer)).await.contains("receiver.example.fi"));

        for (act, input, status) in [
            ("pauseWebhook", &because, "PAUSED"), ("pauseWebhook", &because, "PAUSED"), ("resumeWebhook", &id, "ACTIVE"),
            ("retireWebhook", &because, "RETIRED"), ("retireWebhook", &because, "RETIRED"),
        ] {
            let done = house.webhook_act(KELA, act, input.clone()).await;
            assert_eq!((&done["webhook"]["status"], fault_codes(&done)), (&json!(status), vec![]), "{act}");
        }
        assert_eq!(fault_codes(&house.webhook_act(KELA, "resumeWebhook", id.clone()).await), ["WRONG_STATUS"]);
        assert_whole(&house.app).await;
    }

    async fn what_only_this_network_reaches_is_refused_unless_the_operator_opens_it(house: House) {
        let receiver = Receiver::start().await;
        for url in [receiver.url.as_str(), "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://localhost/", "https://db.internal/"] {
            let refused = house.webhook_act(KELA, "registerWebhook", json!({ "url": url })).await;
            assert_eq!(fault_codes(&refused), ["MALFORMED"], "{url}");
        }
        let person = house.webhook_act(KELA, "registerWebhook", json!({ "url": "https://receiver.example.fi/?hetu=131052-308T" })).await;
        assert_eq!(fault_codes(&person), ["MALFORMED"]);
        // What was registered while they were open is refused once they are closed.
        let house = house.opened().await;
        house.register(KELA, &receiver, Value::Null).await;
        house.acts(1).await;
        receiver.heard_of(2).await;
        let house = house.reopened().await;
        house.acts(1).await;
        let stuck = house.webhook_once(KELA, |webhook| webhook["deliveries"]["nodes"][0]["fault"] == "ADDRESS_REFUSED").await;
        assert_eq!(stuck["deliveries"]["nodes"].as_array().unwrap().len(), 3, "{stuck:#}");
        assert_eq!(receiver.heard().len(), 2);
    }

    async fn each_organisation_is_told_its_own_affairs_in_order_and_nothing_else(house: House) {
        let house = house.opened().await;
        let receivers = [(KELA, Receiver::start().await), (PIRKANMAA, Receiver::start().await), (THL, Receiver::start().await)];
        let mut registered = Vec::new();
        for (organisation, receiver) in &receivers {
            registered.push((house.register(organisation, receiver, Value::Null).await, house.facts_seq()));
        }
        house.acts(5).await;
        // Another's affair, which none of the three may know of: LVV's restricted agreement with Enforcement.
        let foreign = house.agreement_as(LVV, "SOT-2026-003").await;
        house.done(&house.token(LVV, Officer), "amendAgreement", json!({ "id": foreign, "caseRegisterId": "LVV 7/2026" })).await;
        let end = house.facts_seq();
        for ((organisation, receiver), (webhook, seq)) in receivers.iter().zip(&registered) {
            let expected = house.changes_after(organisation, *seq).await;
            receiver.heard_of(expected.len()).await;
            sleep(TWO_LOOKS).await;
            assert_eq!(receiver.taken(), expected, "{organisation}");
            assert!(!expected.contains(&format!("change-{end}")), "{organisation}");
            for heard in receiver.heard() {
                judge(&heard, &webhook.secret);
                Webhook::new(&webhook.secret).unwrap().verify(heard.text.as_bytes(), &heard.headers).unwrap();
                assert!(!heard.text.contains(&foreign));
            }
        }
        let of = |index: usize| receivers[index].1.taken();
        assert!(of(1).len() >= 10 && of(0).len() >= 10 && of(2).is_empty(), "{:?} {:?} {:?}", of(0), of(1), of(2));
        let suspended = receivers[1].1.heard()[0].body.clone();
        assert_eq!(suspended["type"], "fi.disclosuregateway.agreement.suspendAgreement.v1");
        assert_eq!(suspended["data"]["agreement"]["number"], NUMBER);
    }

    async fn a_receiver_that_fails_at_the_worst_moments_loses_nothing(house: House) {
        let house = house.opened().await;
        let (failing, healthy) = (Receiver::start().await, Receiver::start().await);
        let webhook = house.register(KELA, &failing, Value::Null).await;
        let other = house.register(PIRKANMAA, &healthy, Value::Null).await;
        failing.behave(&[Behaviour::Hang, Behaviour::Answer(500), Behaviour::BreakOff, Behaviour::Busy(3_600), Behaviour::Answer(302), Behaviour::Answer(204), Behaviour::Answer(404)]);
        let waited = Instant::now();
        let events = house.acts(3).await;
        healthy.heard_of(events.len()).await;
        assert!(waited.elapsed() < Duration::from_secs(14), "one that hangs delays nobody else");
        assert_eq!(healthy.taken(), events);
        judge(&healthy.heard()[0], &other.secret);
        // Five in vain, one taken, one in vain; each after the first waits for its time.
        let tried = |count: usize| move |webhook: &Value| webhook["deliveries"]["nodes"].as_array().unwrap().len() >= count;
        for attempt in 1..=5 {
            house.webhook_once(KELA, tried(attempt)).await;
            house.later(TimeDelta::hours(25));
        }
        house.webhook_once(KELA, tried(7)).await;
        house.later(TimeDelta::hours(1));
        // What a receiver knows of itself: the registering of the other is not Kela's affair.
        failing.heard_of(5 + 1 + events.len()).await;
        assert_eq!(failing.taken(), events);
        let heard = failing.heard();
        assert_eq!(heard.iter().map(Heard::id).collect::<Vec<_>>()[..8], [&events[0], &events[0], &events[0], &events[0], &events[0], &events[0], &events[1], &events[1]].map(String::as_str)[..]);
        for heard in &heard {
            judge(heard, &webhook.secret);
        }
        let told = house.webhook_once(KELA, tried(5 + 1 + events.len())).await;
        let mut outcomes: Vec<_> = told["deliveries"]["nodes"].as_array().unwrap().iter()
            .map(|it| (it["attempt"].as_i64().unwrap(), it["status"].as_i64(), it["fault"].as_str().map(str::to_owned))).collect();
        outcomes.reverse();
        let expected = [(1, None, Some("TIMED_OUT")), (2, Some(500), None), (3, None, Some("BROKEN_OFF")), (4, Some(503), None), (5, Some(302), None), (6, Some(204), None), (1, Some(404), None), (2, Some(204), None)];
        assert_eq!(outcomes[..8], expected.map(|(attempt, status, fault)| (attempt, status, fault.map(str::to_owned)))[..]);
    }

    async fn a_webhook_nobody_answers_is_paused_and_goes_on_where_it_stood(house: House) {
        let house = house.opened().await;
        let receiver = Receiver::start().await;
        house.register(PIRKANMAA, &receiver, Value::Null).await;
        receiver.behave(&[Behaviour::Answer(500); 10]);
        let mut events = house.acts(2).await;
        for attempt in 1..=10 {
            receiver.heard_of(attempt).await;
            house.webhook_once(PIRKANMAA, |webhook| webhook["deliveries"]["nodes"].as_array().unwrap().len() == attempt).await;
            house.later(TimeDelta::hours(30));
        }
        let paused = house.webhook_once(PIRKANMAA, |webhook| webhook["status"] == "PAUSED").await;
        assert_eq!(paused["pause"], "FAILING");
        let query = "{ changes(first: 100, filter: {action: \"pauseWebhook\"}) { nodes { subjectId organisation reason } } }";
        let journal = house.data(&house.token(PIRKANMAA, Officer), query, json!({})).await["changes"]["nodes"].clone();
        assert_eq!(journal, json!([{ "subjectId": paused["id"], "organisation": null, "reason": "FAILING" }]));
        let paused_seq = house.facts_seq();
        // Nothing goes out while it is paused, and nothing is lost.
        events.extend(house.acts(1).await);
        house.later(TimeDelta::days(400));
        sleep(TWO_LOOKS).await;
        assert_eq!(receiver.heard().len(), 10);
        let resumed = house.webhook_act(PIRKANMAA, "resumeWebhook", json!({ "id": paused["id"] })).await;
        assert_eq!(resumed["webhook"]["status"], "ACTIVE", "{resumed}");
        // Its own pausing and resuming are events too.
        let own = [format!("change-{paused_seq}"), format!("change-{}", house.facts_seq())];
        receiver.heard_of(10 + events.len() + own.len()).await;
        let taken = receiver.taken();
        assert!(taken.is_sorted_by_key(|id| id[7..].parse::<i64>().unwrap()), "{taken:?}");
        assert_eq!(taken.iter().filter(|id| events.contains(id)).cloned().collect::<Vec<_>>(), events);
        assert_eq!(taken.iter().filter(|id| own.contains(id)).count(), own.len(), "{taken:?} {own:?}");
        // 410: gone at once.
        receiver.behave(&[Behaviour::Answer(410)]);
        house.acts(1).await;
        let gone = house.webhook_once(PIRKANMAA, |webhook| webhook["status"] == "PAUSED").await;
        assert_eq!((&gone["pause"], receiver.heard().len()), (&json!("GONE"), 10 + events.len() + own.len() + 1));
        assert_whole(&house.app).await;
    }

    async fn a_receiver_changes_over_to_a_new_secret_without_losing_an_event(house: House) {
        let house = house.opened().await;
        let receiver = Receiver::start().await;
        let old = house.register(KELA, &receiver, json!(["AGREEMENT"])).await;
        let rotated = house.webhook_act(KELA, "rotateWebhookSecret", json!({ "id": old.id })).await;
        let new = rotated["secret"].as_str().unwrap().to_owned();
        assert!(new != old.secret && rotated["webhook"]["rotatedAt"].is_string());
        house.acts(1).await;
        let heard = receiver.heard_of(2).await;
        for heard in &heard {
            judge(heard, &old.secret);
            judge(heard, &new);
            assert_eq!(heard.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
        }
        house.later(TimeDelta::hours(24));
        house.acts(1).await;
        let heard = receiver.heard_of(4).await;
        judge(&heard[3], &new);
        assert_eq!(heard[3].headers["webhook-signature"].to_str().unwrap().split(' ').count(), 1);
        // No secret stands in the database, in either form.
        let bytes = |secret: &str| secret.trim_start_matches("whsec_").to_owned();
        let everything = house.everything_written().await;
        assert!(everything.contains(&receiver.url));
        for secret in [&old.secret, &new] {
            assert!(!everything.contains(&bytes(secret)), "a secret is written down");
        }
    }

    async fn a_webhook_is_told_of_its_topics_and_of_anomalies_it_may_see(house: House) {
        let house = house.opened().await;
        let (discloser, recipient, other) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
        let webhook = house.register(KELA, &discloser, json!(["ANOMALY"])).await;
        house.register(PIRKANMAA, &recipient, json!(["ANOMALY"])).await;
        house.register(PIRKANMAA, &other, json!(["SCOPE"])).await;
        house.acts(1).await;
        house.burst("webhook", "2026-10-06T08:00:00Z".parse().unwrap(), 301).await;
        let waited = Instant::now();
        let told = loop {
            let heard = discloser.heard();
            if let Some(told) = heard.iter().find(|heard| heard.body["data"]["agreement"]["number"] == NUMBER) {
                break told.clone();
            }
            assert!(waited.elapsed() < PATIENCE, "{heard:?}");
            sleep(Duration::from_millis(50)).await;
        };
        judge(&told, &webhook.secret);
        assert_eq!(told.body["type"], "fi.disclosuregateway.anomaly.raiseAnomaly.v1");
        assert_eq!(told.body["data"]["rule"], "USER_BURST");
        assert!(discloser.heard().iter().all(|heard| heard.id().starts_with("anomaly-")));
        let found = house.data(&house.token(KELA, Officer), "query($id: ID!) { node(id: $id) { id } }", json!({ "id": told.body["subject"] })).await;
        assert_eq!(found["node"]["id"], told.body["subject"]);
        sleep(TWO_LOOKS).await;
        assert!(recipient.heard().is_empty() && other.heard().is_empty(), "the recipient is not told of anomalies");
    }
}

impl House {
    async fn agreement_as(&self, organisation: &str, number: &str) -> String {
        let query = "query($number: String!) { agreement(number: $number) { id } }";
        let found = self.data(&self.token(organisation, Officer), query, json!({ "number": number })).await;
        found["agreement"]["id"].as_str().unwrap().to_owned()
    }

    /// Every row that webhooks touch, as text.
    async fn everything_written(&self) -> String {
        let db = self.app.gateway.database.read();
        let mut written = String::new();
        for (table, columns) in [
            ("webhook", "url || topics || status || generation || key_version"),
            ("webhook_delivery", "event_id || attempt || coalesce(fault, '')"),
            ("change", "action || subject || coalesce(reason, '') || actor"),
            ("change_row", "coalesce(image, '')"),
        ] {
            let sql = format!("select {columns} as said from {table}");
            let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
            for row in rows {
                written += &row.try_get::<String>("", "said").unwrap();
            }
        }
        written
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_changes_ends_where_the_facts_of_its_process_end() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let gateway = &house.app.gateway;
    let before = gateway.journal.facts();
    let viewer = Arc::new(Viewer {
        subject: Some(KELA_OFFICER.to_owned()),
        organisation: KELA.parse().ok(),
        roles: vec![Officer],
        processor: None,
    });
    house.acts(1).await;
    // A process that has not followed yet what another committed tells nothing beyond what it knows.
    for (facts, expected) in [(Arc::clone(&before), 0), (gateway.journal.facts(), 2)] {
        let view =
            View { facts, today: None, at: gateway.clock.now(), viewer: Arc::clone(&viewer), language: Language::Fi };
        let page = (before.seq, 10);
        let told = change::list(gateway.database.read(), &view, &change::Filter::default(), page).await.unwrap();
        assert_eq!(told.len(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_tell_each_event_once_while_both_live() {
    let Some(one) = House::configured(Engine::Postgres, open).await else { return };
    let other = House::open(Arc::clone(&one.directory), one.database_url.clone(), open).await;
    let receivers = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    one.register(KELA, &receivers[0], Value::Null).await;
    one.register(PIRKANMAA, &receivers[1], Value::Null).await;
    one.register(PIRKANMAA, &receivers[2], json!(["AGREEMENT"])).await;
    let mut events = Vec::new();
    for house in [&one, &other, &one, &other] {
        events.extend(house.acts(4).await);
    }
    for receiver in &receivers {
        receiver.heard_of(events.len()).await;
    }
    sleep(TWO_LOOKS).await;
    for receiver in &receivers {
        let heard: Vec<_> = receiver.heard().iter().map(|heard| heard.id().to_owned()).collect();
        let of_agreement: Vec<_> = heard.iter().filter(|id| events.contains(id)).cloned().collect();
        assert_eq!(of_agreement, events);
    }
    // One that stops in good order leaves its turn to the other.
    closed(one).await;
    let more = other.acts(2).await;
    receivers[2].heard_of(events.len() + more.len()).await;
    assert_eq!(receivers[2].taken(), [events, more].concat());
}

/// A process is killed when the receiver has the event and the gateway does not know it yet.
async fn survives(engine: Engine) {
    let Some(house) = House::sample(engine).await else { return };
    let (directory, database_url) = closed(house).await;
    let base = settings(directory.path(), &database_url);
    let settings: Vec<_> = base.into_iter().chain([("WEBHOOK_PRIVATE_ADDRESSES", "true")]).collect();
    let minted = run(&settings, &["token", "--org", KELA, "--role", "officer", "--ttl", "12h"]).await;
    let token = text(&minted.stdout).trim().to_owned();
    let client = reqwest::Client::new();
    let receiver = Receiver::start().await;
    let said = directory.path().join("stderr");
    let start = async || {
        let mut command = gateway(&settings);
        command.env("RUST_LOG", "debug,sqlx=warn");
        command.stderr(std::fs::File::options().create(true).append(true).open(&said).unwrap());
        Serving::of(command).await
    };
    let mut serving = start().await;
    let act = async |serving: &Serving, act: &str, input: Value| {
        let type_name = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);
        let secret = if act == "registerWebhook" { "secret" } else { "" };
        let query =
            format!("mutation($input: {type_name}!) {{ {act}(input: $input) {{ {secret} userErrors {{ code }} }} }}");
        let (_, answer) = ask(&client, &serving.url, &token, &query, &json!({ "input": input })).await.unwrap();
        assert_eq!(answer["data"][act]["userErrors"], json!([]), "{answer}");
        answer["data"][act].clone()
    };
    let made = act(&serving, "registerWebhook", json!({ "url": receiver.url })).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    let query = format!("{{ agreement(number: \"{NUMBER}\") {{ id }} }}");
    let (_, answer) = ask(&client, &serving.url, &token, &query, &json!({})).await.unwrap();
    let id = answer["data"]["agreement"]["id"].clone();
    let mut expected = 0;
    for _ in 0..2 {
        receiver.behave(&[Behaviour::Hang]);
        act(&serving, "suspendAgreement", json!({ "id": id, "reason": "MISUSE", "note": NOTE })).await;
        receiver.heard_of(expected + 1).await;
        act(&serving, "resumeAgreement", json!({ "id": id })).await;
        serving.kill().await;
        serving = start().await;
        // The one that was cut again, and the one that waited.
        expected += 3;
        let heard = receiver.heard_of(expected).await;
        let [cut, again, next] = &heard[expected - 3..] else { panic!("{expected}") };
        assert_eq!((cut.id(), cut.text.as_str()), (again.id(), again.text.as_str()), "sent again as it was");
        assert_ne!(again.id(), next.id());
        for heard in [cut, again, next] {
            judge(heard, &secret);
        }
    }
    let known = receiver.taken();
    assert!(known.len() == 4 && known.is_sorted_by_key(|id| id[7..].parse::<i64>().unwrap()), "{known:?}");
    assert_eq!(serving.terminate().await.code(), Some(0));
    let said = std::fs::read_to_string(&said).unwrap();
    assert!(
        !said.contains(secret.trim_start_matches("whsec_")) && !said.contains("/events"),
        "a log line tells a secret"
    );
    let house = House::at(directory, database_url).await;
    assert_whole(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_sends_again_what_it_did_not_know_to_be_taken_on_sqlite() {
    survives(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_sends_again_what_it_did_not_know_to_be_taken_on_postgres() {
    survives(Engine::Postgres).await;
}
