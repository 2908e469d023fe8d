//! Rows of the log, read by the places of their columns: to look each of forty up by its name takes longer than to read it.

use entity::disclosure;
use sea_orm::{DbErr, FromQueryResult, QueryResult};

/// Row whose columns were selected in the order of the entity.
pub(super) struct ByPlace(pub disclosure::Model);

macro_rules! columns {
    ($($column:ident),+ $(,)?) => {
        impl FromQueryResult for ByPlace {
            fn from_query_result(row: &QueryResult, _: &str) -> Result<Self, DbErr> {
                let mut place = 0..;
                Ok(Self(disclosure::Model { $($column: row.try_get_by_index(place.next().unwrap_or_default())?,)+ }))
            }
        }

        #[cfg(test)]
        const COLUMNS: &[&str] = &[$(stringify!($column)),+];
    };
}

columns!(
    id,
    recorded_at,
    occurred_at,
    leaf_index,
    discloser_id,
    processor_id,
    recipient_id,
    register_id,
    agreement_id,
    scope_id,
    bases_id,
    purpose_id,
    channel,
    operation,
    items_id,
    subject_kind,
    subject_pseudonym,
    subject_key_version,
    subject_business_id,
    subject_count,
    ground,
    consent_reference,
    case_reference,
    user_pseudonym,
    user_key_version,
    client_system,
    message_id,
    part,
    outcome,
    coverage,
    reasons,
    decided_seq,
    onward_recipient_kind,
    withheld_until,
    withholding_basis_id,
    corrects_id,
    salt,
    subject_commitment,
    restricted_commitment,
    erased_seq,
    mandates,
);

#[cfg(test)]
mod tests {
    use sea_orm::{IdenStatic, Iterable};

    use super::*;

    #[test]
    fn places_are_those_in_which_the_entity_is_selected() {
        assert!(disclosure::Column::iter().map(|column| column.as_str()).eq(COLUMNS.iter().copied()));
    }
}
