//! The transparency log as a stranger checks it: what is served is hashed anew here, by RFC 6962 and nothing of the house
//! but SHA-256.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use api::{
    journal::leaf::{hex, sha256},
    transparency_log::{outside, verified},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

use crate::{
    house::{Engine, House},
    on_both_engines,
    process::{closed, run, settings, text},
    reports::{assert_whole, report},
};

pub type Hash = [u8; 32];

const LOG: &str = "query($leaf: Long!, $size: Long, $from: Long!) { log { origin verifierKey
    checkpoint { size rootHash note } inclusionProof(leafIndex: $leaf, treeSize: $size) { leafIndex treeSize leafHash path }
    consistencyProof(fromSize: $from, untilSize: $size) { fromSize untilSize path } } }";

fn node(left: Hash, right: Hash) -> Hash {
    sha256(&[&[1], &left, &right])
}

/// Root of leaves (RFC 6962 2.1).
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node(root(left), root(right))
        }
    }
}

/// Root a leaf and its path come to (RFC 9162 2.1.3.2).
pub fn root_by_path(mut index: i64, size: i64, leaf: Hash, path: &[Hash]) -> Hash {
    let mut last = size - 1;
    let mut hash = leaf;
    for sibling in path {
        assert!(last > 0, "the path is too long");
        if index % 2 == 1 || index == last {
            hash = node(*sibling, hash);
            while index % 2 == 0 && index != 0 {
                (index, last) = (index / 2, last / 2);
            }
        } else {
            hash = node(hash, *sibling);
        }
        (index, last) = (index / 2, last / 2);
    }
    assert_eq!(last, 0, "the path is too short");
    hash
}

/// Roots of both trees as a consistency proof has them (RFC 9162 2.1.4.2).
fn roots_by_proof(from: i64, until: i64, first_root: Hash, proof: &[Hash]) -> (Hash, Hash) {
    if from == until {
        assert!(proof.is_empty());
        return (first_root, first_root);
    }
    let mut path = proof.iter().copied();
    let (mut index, mut last) = (from - 1, until - 1);
    while index % 2 == 1 {
        (index, last) = (index / 2, last / 2);
    }
    let seed = if (from & (from - 1)) == 0 { first_root } else { path.next().unwrap() };
    let (mut old, mut new) = (seed, seed);
    for hash in path {
        assert!(last > 0, "the proof is too long");
        if index % 2 == 1 || index == last {
            (old, new) = (node(hash, old), node(hash, new));
            while index % 2 == 0 && index != 0 {
                (index, last) = (index / 2, last / 2);
            }
        } else {
            new = node(new, hash);
        }
        (index, last) = (index / 2, last / 2);
    }
    assert_eq!(last, 0, "the proof is too short");
    (old, new)
}

pub fn hash(text: &Value) -> Hash {
    let text = text.as_str().unwrap();
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

pub fn hashes(texts: &Value) -> Vec<Hash> {
    texts.as_array().unwrap().iter().map(hash).collect()
}

/// Path of a tile of leaves or entries, in a tree of fewer than a million tiles.
fn tile_path(kind: &str, tile: i64, width: i64) -> String {
    let groups = if tile < 1_000 { format!("{tile:03}") } else { format!("x{:03}/{:03}", tile / 1_000, tile % 1_000) };
    let width = if width == 256 { String::new() } else { format!(".p/{width}") };
    format!("/log/tile/{kind}/{groups}{width}")
}

impl House {
    pub async fn fetch(&self, path: &str) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        use tower::ServiceExt;
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
    }

    async fn fetched(&self, path: &str) -> Vec<u8> {
        let (status, _, bytes) = self.fetch(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", text(&bytes));
        bytes
    }

    /// Checkpoint that holds so many entries at least, once it is served: its size and root.
    pub async fn checkpoint_of(&self, size: i64) -> (i64, Hash) {
        let key = text(&self.fetched("/log/vkey").await);
        for _ in 0..100 {
            let (status, _, note) = self.fetch("/log/checkpoint").await;
            if status == StatusCode::OK {
                let (signed, root) = verified(key.trim(), &note).unwrap();
                if signed >= size {
                    return (signed, root);
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("no checkpoint of {size} entries in five seconds");
    }

    /// Leaves of the tree of a size, from the tiles; every entry served must be the one its leaf is of.
    async fn leaves(&self, size: i64) -> Vec<Hash> {
        let mut leaves = Vec::new();
        for tile in 0..(size + 255) / 256 {
            let width = (size - 256 * tile).min(256);
            let hashes = self.fetched(&tile_path("0", tile, width)).await;
            assert_eq!(hashes.len(), 32 * usize::try_from(width).unwrap());
            let mut entries = self.fetched(&tile_path("entries", tile, width)).await;
            for leaf in hashes.chunks(32) {
                let length = usize::from(u16::from_be_bytes([entries[0], entries[1]]));
                let rest = entries.split_off(2 + length);
                assert_eq!(sha256(&[&[0], &entries[2..]]), leaf);
                entries = rest;
                leaves.push(leaf.try_into().unwrap());
            }
            assert!(entries.is_empty());
        }
        leaves
    }

    async fn proofs(&self, variables: Value) -> Value {
        self.data(&self.kela(), LOG, variables).await["log"].clone()
    }

    /// Adds entries of no consequence.
    async fn grow(&self, name: &str, entries: usize) {
        let names: Vec<String> = (0..entries).map(|entry| format!("{name}/{entry}")).collect();
        for names in names.chunks(500) {
            self.recorded(&self.kela(), &names.iter().map(|name| report(name)).collect::<Vec<_>>()).await;
        }
    }
}

on_both_engines! {
    async fn stranger_derives_the_signed_root_from_what_is_served(house: House) {
        house.grow("stranger", 700).await;
        let (size, signed) = house.checkpoint_of(house.log_size().await).await;
        let leaves = house.leaves(size).await;
        assert_eq!(root(&leaves), signed);
        let whole: Vec<Hash> = leaves.chunks_exact(256).map(root).collect();
        let above = house.fetched(&tile_path("1", 0, i64::try_from(whole.len()).unwrap())).await;
        assert_eq!(above, whole.concat());
    }

    async fn every_proof_leads_to_the_signed_root(house: House) {
        let earlier = house.checkpoint_of(house.log_size().await).await;
        house.grow("proof", 300).await;
        let (size, signed) = house.checkpoint_of(house.log_size().await).await;
        let leaves = house.leaves(size).await;
        for leaf in [0, 1, 255, 256, size / 2, size - 2, size - 1] {
            for tree in [leaf + 1, (leaf + 300).min(size), size] {
                let from = (leaf + 1).min(tree);
                let said = house.proofs(json!({ "leaf": leaf, "size": tree, "from": from })).await;
                let expected = root(&leaves[..usize::try_from(tree).unwrap()]);
                let proof = &said["inclusionProof"];
                assert_eq!(hash(&proof["leafHash"]), leaves[usize::try_from(leaf).unwrap()]);
                let path = hashes(&proof["path"]);
                assert_eq!(root_by_path(leaf, tree, hash(&proof["leafHash"]), &path), expected, "{leaf} in {tree}");
                let first = root(&leaves[..usize::try_from(from).unwrap()]);
                let path = hashes(&said["consistencyProof"]["path"]);
                assert_eq!(roots_by_proof(from, tree, first, &path), (first, expected), "{from} to {tree}");
            }
        }
        let said = house.proofs(json!({ "leaf": 0, "from": earlier.0 })).await;
        let path = hashes(&said["consistencyProof"]["path"]);
        assert_eq!(roots_by_proof(earlier.0, size, earlier.1, &path), (earlier.1, signed));
        assert_eq!(said["checkpoint"]["rootHash"], hex(&signed));
    }

    async fn nothing_is_shown_beyond_the_checkpoint_and_no_path_is_written_twice(house: House) {
        let (size, _) = house.checkpoint_of(house.log_size().await).await;
        let (tile, width) = (size / 256, size % 256);
        let mut refused = vec![
            "/log/tile/0/0".to_owned(), "/log/tile/00/000".to_owned(), "/log/tile/0/x000/000".to_owned(),
            "/log/tile/0/000.p/0".to_owned(), "/log/tile/0/000.p/256".to_owned(), "/log/tile/0/000.p/01".to_owned(),
            "/log/tile/data/000".to_owned(), "/log/tile/0/000/".to_owned(), "/log/tile/9/000".to_owned(),
            "/log/tile/0/%2530%2530%2530".to_owned(), "/log/tile/0/%30%30%30".to_owned(), "/log".to_owned(), "/log/tile/".to_owned(),
        ];
        for kind in ["0", "entries"] {
            refused.extend([tile_path(kind, tile, 256), tile_path(kind, tile + 1, 1), tile_path(kind, 123_456, 256)]);
            refused.push(tile_path(kind, tile, width + 1));
        }
        for path in refused {
            let (status, _, body) = house.fetch(&path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {}", text(&body));
        }
        let caching = |headers: &axum::http::HeaderMap| headers[header::CACHE_CONTROL].to_str().unwrap().to_owned();
        assert_eq!(caching(&house.fetch("/log/tile/0/000").await.1), "public, max-age=31536000, immutable");
        assert_eq!(caching(&house.fetch("/log/checkpoint").await.1), "no-cache");
        for (leaf, tree, from) in [(size, size, 0), (-1, size, 0), (0, size + 1, 0), (0, size, size + 1), (0, -1, 0), (3, 3, 3)] {
            let codes = house.errors(&house.kela(), LOG, json!({ "leaf": leaf, "size": tree, "from": from })).await;
            assert!(codes.contains(&"INVALID_INPUT".to_owned()), "{leaf} {tree} {from}: {codes:?}");
        }
    }

    async fn gateway_is_proved_from_outside_with_its_key_alone(house: House) {
        house.grow("outside", 600).await;
        let (size, _) = house.checkpoint_of(house.log_size().await).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(axum::serve(listener, house.router.clone()).into_future());
        let key = text(&house.fetched("/log/vkey").await).trim().to_owned();
        let proved = outside::prove(&url, &key, None).await.unwrap();
        assert_eq!((proved.size, proved.entries, proved.gone), (size, size, 0));
        house.grow("later", 10).await;
        house.checkpoint_of(size + 10).await;
        let later = outside::prove(&url, &key, Some(&proved.note)).await.unwrap();
        assert_eq!(later.size, size + 10);

        let tampered = "update change set salt = null where seq = 1";
        house.app.gateway.database.write().execute_unprepared(tampered).await.unwrap();
        assert!(outside::prove(&url, &key, None).await.is_ok(), "an erased salt breaks no proof");
        let other = key.replace(|digit: char| digit.is_ascii_digit(), "0");
        assert!(outside::prove(&url, &other, None).await.is_err());
        serving.abort();
    }

    async fn verify_derives_the_log_anew_and_finds_what_was_changed(house: House) {
        house.grow("verify", 300).await;
        house.checkpoint_of(house.log_size().await).await;
        assert_whole(&house.app).await;
        let (directory, url) = closed(house).await;
        let settings = settings(directory.path(), &url);
        let output = run(&settings, &["verify"]).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("derived anew from"), "{}", text(&output.stdout));

        let database = sea_orm::Database::connect(&url).await.unwrap();
        let guard = if url.starts_with("sqlite") { "" } else { " on disclosure" };
        for tampering in [
            format!("drop trigger disclosure_append_only{guard}"),
            "update disclosure set message_id = 'other' where leaf_index = (select max(leaf_index) from disclosure)".to_owned(),
            "update log_tile set hashes = (select hashes from log_tile where level = 0 and tile = 1) where level = 1".to_owned(),
        ] {
            database.execute_unprepared(&tampering).await.unwrap();
        }
        database.close().await.unwrap();
        let output = run(&settings, &["verify"]).await;
        let said = text(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains("is not what its commitments say") && said.contains("does not follow from the leaves"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restored_backup_is_not_signed() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let (backup, kept) = (tempfile::tempdir().unwrap(), house.directory.path().join("log-checkpoint"));
    let (directory, url) = closed(house).await;
    let file = directory.path().join("gateway.db");
    std::fs::copy(&file, backup.path().join("gateway.db")).unwrap();

    let house = House::at(Arc::clone(&directory), url.clone()).await;
    house.grow("lost", 5).await;
    house.checkpoint_of(house.log_size().await).await;
    closed(house).await;
    let signed = std::fs::read(&kept).unwrap();
    std::fs::copy(backup.path().join("gateway.db"), &file).unwrap();

    for _ in 0..2 {
        let house = House::at(Arc::clone(&directory), url.clone()).await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(house.fetch("/log/checkpoint").await.0, StatusCode::SERVICE_UNAVAILABLE);
        let (status, _, why) = house.fetch("/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text(&why).contains("contradicts the last checkpoint"), "{}", text(&why));
        let codes = house.errors(&house.kela(), "{ log { checkpoint { size } } }", json!({})).await;
        assert_eq!(codes, ["UNAVAILABLE"]);
        // It grows beyond what was signed, with other entries.
        house.grow("forked", 8).await;
        sleep(Duration::from_secs(1)).await;
        assert_eq!(house.fetch("/log/checkpoint").await.0, StatusCode::SERVICE_UNAVAILABLE);
        closed(house).await;
    }
    assert_eq!(std::fs::read(&kept).unwrap(), signed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_one_database_sign_one_tree() {
    let Some(one) = House::sample(Engine::Postgres).await else { return };
    let other = one.beside().await;
    for round in 0..10 {
        let (here, there) = (format!("one/{round}"), format!("other/{round}"));
        tokio::join!(one.grow(&here, 20), other.grow(&there, 20));
    }
    let size = one.log_size().await;
    let (left, right) = tokio::join!(one.checkpoint_of(size), other.checkpoint_of(size));
    assert_eq!(left, right);
    let leaves = one.leaves(size).await;
    let signed = entity::log_checkpoint::Entity::find().order_by_asc(entity::log_checkpoint::Column::Size);
    let signed = signed.all(one.app.gateway.database.primary()).await.unwrap();
    let by_size: BTreeMap<i64, Vec<u8>> = signed.iter().map(|row| (row.size, row.root.clone())).collect();
    assert!(by_size.len() > 2, "{}", by_size.len());
    for (size, signed) in by_size {
        assert_eq!(root(&leaves[..usize::try_from(size).unwrap()]).to_vec(), signed, "{size}");
    }
}
