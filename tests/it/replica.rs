//! Reading the log from a replica: how far it is behind is said, and one that is too far behind or away is not read.

use std::{sync::Arc, time::Duration};

use api::auth::Role;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    house::{House, KELA},
    postgres::{Cluster, Durability},
    reports::report,
};

const NEWEST: &str = "{ disclosures(first: 1) { nodes { messageId } } }";

impl House {
    /// Newest message of the log as a list shows it, and how far behind it says to be.
    async fn newest(&self) -> (String, Option<f64>) {
        let reply = self.reply(Some(&self.token(KELA, Role::Officer)), NEWEST, json!({})).await;
        let message = reply.body["data"]["disclosures"]["nodes"][0]["messageId"].as_str();
        // A replica that has just begun may not even have the tables.
        let message = message.unwrap_or_default().to_owned();
        (message, reply.headers.get("log-lag").map(|lag| lag.to_str().unwrap().parse().unwrap()))
    }

    async fn newest_becomes(&self, message: &str, from_replica: bool) {
        for _ in 0..200 {
            let (newest, lag) = self.newest().await;
            if newest == message && lag.is_some() == from_replica {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{message} is not read, from a replica: {from_replica}; {:?}", self.newest().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_is_read_from_a_replica_that_says_how_far_it_is_behind() {
    let Some(primary) = Cluster::start(Durability::Test).await else { return };
    let replica = primary.standby().await;
    let database = primary.create_database(None).await;
    let read_url = replica.url(&database);
    let settings = |name: &str| match name {
        "DATABASE_READ_URL" => Some(read_url.clone()),
        "DATABASE_READ_LAG_MAX" => Some("3s".to_owned()),
        _ => None,
    };
    let house = House::open(Arc::new(tempfile::tempdir().unwrap()), primary.url(&database), settings).await;
    house.recorded(&house.kela(), &[report("seen")]).await;
    house.newest_becomes("seen", true).await;
    let (_, lag) = house.newest().await;
    assert!(lag.unwrap() < 3.0, "{lag:?}");

    // It stops replaying: for a while it is read and says how old it is, then the primary is.
    replica.said("select pg_wal_replay_pause()").await;
    house.recorded(&house.kela(), &[report("missed")]).await;
    sleep(Duration::from_millis(1_500)).await;
    let (newest, lag) = house.newest().await;
    assert!(newest == "missed" || lag.unwrap() > 0.5, "{newest} {lag:?}");
    house.newest_becomes("missed", false).await;
    replica.said("select pg_wal_replay_resume()").await;
    house.newest_becomes("missed", true).await;

    // It goes away: the primary is read.
    replica.stop();
    house.recorded(&house.kela(), &[report("alone")]).await;
    house.newest_becomes("alone", false).await;
    replica.resume();
    house.newest_becomes("alone", true).await;
}
