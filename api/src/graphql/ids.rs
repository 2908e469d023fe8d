//! Global ids: the table and the row, `agreement:0198…`; opaque to callers, but never taken for one another.

use async_graphql::ID;
use entity::vocabulary::RowId;
use uuid::Uuid;

use crate::{Fault, FaultCode, Violations, facts::global_id};

/// Characters of a UUID with its hyphens.
const UUID_CHARACTERS: usize = 36;

/// Global id of a row.
pub fn id(row: impl RowId) -> ID {
    ID(global_id(row))
}

/// Table and row of a global id; null when it is none.
pub fn parts(id: &ID) -> Option<(&str, Uuid)> {
    let (table, row) = id.split_once(':')?;
    let row = (row.len() == UUID_CHARACTERS).then(|| Uuid::try_parse(row).ok())??;
    Some((table, row))
}

/// Row of a global id of one table; a fault when it is malformed or of another table.
pub fn parse_id<I: RowId>(id: &ID, path: &str, violations: &mut Violations) -> Option<I> {
    match parts(id) {
        Some((table, row)) if table == I::TABLE => Some(row.into()),
        _ => {
            violations.push(Fault::new(FaultCode::Malformed, path, format!("is no id of `{}`", I::TABLE)));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{AgreementId, ScopeId};

    use super::*;

    #[test]
    fn id_is_read_back_as_the_row_it_names() {
        let row = AgreementId(Uuid::from_u128(7));
        let mut violations = Violations::new();
        assert_eq!(parse_id(&id(row), "input.id", &mut violations), Some(row));
        assert!(violations.is_empty());
    }

    #[test]
    fn id_of_another_table_is_malformed() {
        let mut violations = Violations::new();
        assert_eq!(parse_id::<ScopeId>(&id(AgreementId(Uuid::nil())), "input.scope.id", &mut violations), None);
        assert_eq!(violations, [Fault::new(FaultCode::Malformed, "input.scope.id", "is no id of `scope`")]);
    }

    #[test]
    fn text_that_is_no_id_is_malformed() {
        for text in ["", "agreement", "agreement:", "agreement:1", "agreement:00000000000000000000000000000007"] {
            let mut violations = Violations::new();
            assert_eq!(parse_id::<AgreementId>(&ID(text.to_owned()), "id", &mut violations), None);
            assert_eq!(violations.len(), 1, "{text}");
        }
    }
}
