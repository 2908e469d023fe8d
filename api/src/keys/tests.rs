use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("directory")
}

fn created(directory: &tempfile::TempDir) -> Keys {
    let keys = Keys::create(directory.path(), Issuance::Development).expect("keys");
    keys.keep().expect("kept");
    keys
}

fn refusal(directory: &tempfile::TempDir, remembered: &[Fingerprint]) -> String {
    Keys::open(directory.path(), remembered, Issuance::Development).expect_err("refused").to_string()
}

#[test]
fn keys_open_as_they_were_made() {
    let directory = directory();
    let made = created(&directory);
    let opened = Keys::open(directory.path(), &made.fingerprints(), Issuance::Development).expect("opened");
    assert_eq!(opened.fingerprints(), made.fingerprints());
    assert_eq!(opened.log_signing_key().public_key(), made.log_signing_key().public_key());
    assert_eq!(opened.pseudonyms().live_versions(), [1]);
}

#[test]
fn key_files_are_readable_by_the_process_alone() {
    let directory = directory();
    created(&directory);
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .expect("directory")
        .map(|entry| {
            let entry = entry.expect("entry");
            assert_eq!(entry.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
            entry.file_name().into_string().expect("name")
        })
        .collect();
    names.sort();
    assert_eq!(names, ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"]);
}

#[test]
fn start_cut_short_before_the_database_remembers_can_be_repeated() {
    let directory = directory();
    Keys::create(directory.path(), Issuance::Development).expect("keys");
    let second = Keys::create(directory.path(), Issuance::Development).expect("keys again");
    Keys::open(directory.path(), &second.fingerprints(), Issuance::Development)
        .expect("opened from beside their names");
    assert!(directory.path().join("log.key").exists());
}

#[test]
fn two_starts_at_once_never_take_each_other_s_keys() {
    let directory = directory();
    let [first, second] = [(); 2].map(|()| Keys::create(directory.path(), Issuance::Development).expect("keys"));
    first.keep().expect("kept");
    let refused = second.keep().expect_err("another key has its name");
    assert!(matches!(refused, KeysError::Exists(_)));
    let opened = Keys::open(directory.path(), &first.fingerprints(), Issuance::Development).expect("opened");
    assert_eq!(opened.fingerprints(), first.fingerprints());
    first.keep().expect("kept already");
}

#[test]
fn new_database_never_takes_or_overwrites_the_keys_of_another() {
    let directory = directory();
    let first = created(&directory);
    let refused = Keys::create(directory.path(), Issuance::Development).expect_err("refused");
    assert!(matches!(refused, KeysError::Exists(_)));
    Keys::open(directory.path(), &first.fingerprints(), Issuance::Development).expect("still there");
}

#[test]
fn missing_key_is_named() {
    for file in ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"] {
        let directory = directory();
        let remembered = created(&directory).fingerprints();
        fs::remove_file(directory.path().join(file)).expect("removed");
        let refusal = refusal(&directory, &remembered);
        assert!(refusal.contains(file) && refusal.contains("missing"), "{refusal}");
    }
}

#[test]
fn key_of_another_database_is_named() {
    for file in ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"] {
        let (ours, theirs) = (directory(), directory());
        let remembered = created(&ours).fingerprints();
        created(&theirs);
        fs::copy(theirs.path().join(file), ours.path().join(file)).expect("copied");
        let refusal = refusal(&ours, &remembered);
        assert!(refusal.contains(file) && refusal.contains("not the one"), "{refusal}");
    }
}

#[test]
fn malformed_key_is_named_and_not_shown() {
    for file in ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"] {
        let directory = directory();
        let remembered = created(&directory).fingerprints();
        fs::write(directory.path().join(file), "hunter2").expect("written");
        let refusal = refusal(&directory, &remembered);
        assert!(refusal.contains(file) && refusal.contains("malformed") && !refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn gateway_with_configured_issuers_makes_no_token_key_and_cannot_fall_back_to_one() {
    let directory = directory();
    let keys = Keys::create(directory.path(), Issuance::Configured).expect("keys");
    keys.keep().expect("kept");
    assert!(keys.development().is_none() && !directory.path().join("dev-issuer.jwk").exists());
    assert!(refusal(&directory, &keys.fingerprints()).contains("made without key `dev-issuer.jwk`"));
    Keys::open(directory.path(), &keys.fingerprints(), Issuance::Configured).expect("opened");
}

#[test]
fn rotation_adds_a_version_and_keeps_the_old_one_live() {
    let directory = directory();
    let keys = created(&directory).rotated().expect("rotated");
    keys.keep().expect("kept");
    let opened = Keys::open(directory.path(), &keys.fingerprints(), Issuance::Development).expect("opened");
    assert_eq!(opened.pseudonyms().live_versions(), [1, 2]);
    assert_eq!(opened.pseudonyms().current_version(), 2);
    assert!(directory.path().join("pseudonym-v2.key").exists());
}

#[test]
fn debug_shows_no_key() {
    let directory = directory();
    let keys = created(&directory);
    let shown = format!("{keys:?}{:?}{:?}{:?}", keys.pseudonyms(), keys.log_signing_key(), keys.development());
    assert_eq!(shown, "Keys(…)Pseudonyms([1])LogSigningKey(…)Some(DevelopmentKey(…))");
}
