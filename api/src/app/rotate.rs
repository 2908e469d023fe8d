//! A new version of the pseudonym key: made, remembered by the database and told to the journal, then kept.

use futures::FutureExt;

use super::{OpenError, connect_to_existing, issuance, keys_turn, lock, remember, remembered};
use crate::{
    Error,
    clock::Clock,
    config::Config,
    journal::{Author, Changes, Ending, Journal},
    keys::{Fingerprint, Keys},
};
use entity::key_fingerprint;
use sea_orm::EntityTrait;

/// Adds a version of the pseudonym key. What was recorded under older ones stays as it is, for no code is at hand to make
/// new pseudonyms of; every look-up tries them all.
///
/// # Errors
/// Says what cannot be used and why; nothing has changed then.
pub async fn rotate_pseudonym_key(config: &Config, clock: &Clock) -> Result<Fingerprint, OpenError> {
    let database = connect_to_existing(config).await?;
    let _lock = lock(config)?;
    let turn = keys_turn(&database).await?;
    let rows = key_fingerprint::Entity::find().all(database.primary()).await?;
    let keys = Keys::open(&config.data_dir, &remembered(rows), issuance(config))?.rotated()?;
    let (made, created_at) = (keys.newest_pseudonym_key(), clock.now());
    let journal = Journal::open(database.clone(), clock.clone()).await?;
    let author = Author::operator();
    let (told, row) = (change(&made), made.clone());
    journal
        .commit_with(
            author,
            move |_| Ok(vec![told]),
            move |txn, _| async move { remember(txn, vec![row], created_at).await.map_err(Error::from) }.boxed(),
            Ending::Commit,
        )
        .await?;
    keys.keep()?;
    if let Some(turn) = turn {
        turn.commit().await?;
    }
    database.close().await;
    Ok(made)
}

fn change(made: &Fingerprint) -> Changes {
    // In groups of four: a longer run of digits and letters has, by chance, the shape of a personal identity code, which the
    // journal refuses.
    let groups: Vec<&str> =
        made.fingerprint.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
    Changes {
        action: "rotatePseudonymKey",
        subject: format!("key:{}-v{}", made.name, made.version),
        reason: Some(format!("fingerprint {}", groups.join(" "))),
        edits: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::contains_personal_identity_code;

    use super::*;

    #[test]
    fn fingerprint_that_looks_like_a_personal_identity_code_is_told_all_the_same() {
        let fingerprint = format!("{}010594a9032{}", "f".repeat(20), "e".repeat(33));
        let made = Fingerprint { name: "pseudonym".to_owned(), version: 2, fingerprint };
        let reason = change(&made).reason.unwrap();
        assert!(!contains_personal_identity_code(&reason) && reason.split(' ').skip(1).all(|group| group.len() == 4));
    }
}
