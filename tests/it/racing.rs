//! Many who say the same at once: it stands once, and all are told the same.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    house::{Engine, House},
    on_both_engines,
    reports::{assert_tallied, assert_whole, faults, report, with},
};

/// Requests that race.
const RACERS: usize = 20;

/// Sends one message as often as there are racers, by turns to each house; every third with other content. One content
/// stands once; whoever said it is told its one place, and the others that it is a conflict.
async fn race(houses: &[&House], message: &str) {
    let (kela, size) = (houses[0].kela(), houses[0].log_size().await);
    let contents = [report(message), report(message), with(report(message), json!({ "outcome": "EMPTY" }))];
    let racing = (0..RACERS).map(|at| {
        let (house, content, token) = (houses[at % houses.len()], &contents[at % 3], &kela);
        async move { house.record(token, std::slice::from_ref(content)).await }
    });
    let answers = join_all(racing).await;
    let conflict = [("CONFLICT".to_owned(), "input.disclosures.0.messageId".to_owned())];
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut winners = BTreeSet::new();
    for (at, answer) in answers.iter().enumerate() {
        let is_other = at % 3 == 2;
        if answer["disclosures"] == Value::Null {
            assert_eq!(faults(answer), conflict, "{answer:#}");
        } else {
            told.insert(answer["disclosures"].to_string());
            winners.insert(is_other);
        }
    }
    assert_eq!((told.len(), winners.len()), (1, 1), "{told:#?}");
    let is_other = winners.pop_first().unwrap();
    let refused = answers.iter().filter(|answer| answer["disclosures"] == Value::Null).count();
    let others = RACERS / 3;
    assert_eq!(refused, if is_other { RACERS - others } else { others }, "nobody is refused what stands");
    assert_eq!(houses[0].log_size().await, size + 1);
}

on_both_engines! {
    async fn one_message_of_two_contents_stands_once(house: House) {
        for round in 0..3 {
            race(&[&house], &format!("raced {round}")).await;
        }
        assert_whole(&house.app).await;
        assert_tallied(&house.app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_at_two_processes_stands_once() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let other = house.beside().await;
    for round in 0..3 {
        race(&[&house, &other], &format!("raced {round}")).await;
    }
    assert_whole(&house.app).await;
    assert_tallied(&other.app).await;
}
