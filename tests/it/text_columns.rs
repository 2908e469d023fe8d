//! Columns as the engines give them: codes, texts that rows share, what is null and what is no code; and rows of large tables by
//! the places of their columns.

use entity::{
    placed::PlacedRow,
    vocabulary::{AgreementStatus, Channel, Codes, ItemCode, SharedText},
};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult, QueryTrait, Statement, TryGetable};

use crate::{house::House, on_both_engines};

async fn row(house: &House, sql: &str) -> QueryResult {
    let db = house.app.gateway.database.primary();
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(statement).await.unwrap().unwrap()
}

fn got<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T, DbErr> {
    row.try_get("", column)
}

async fn assert_same_by_place_and_by_name<E: EntityTrait<Model: PlacedRow + PartialEq>>(house: &House) {
    let db = house.app.gateway.database.primary();
    let rows = db.query_all(&E::find().into_query()).await.unwrap();
    let table = E::default();
    let table = table.table_name();
    assert!(!rows.is_empty(), "the sample world has none: {table}");
    for row in rows {
        assert_eq!(E::Model::of(&row).unwrap(), E::Model::from_query_result(&row, "").unwrap(), "{table}");
    }
}

on_both_engines! {
    async fn row_is_the_same_by_the_places_of_its_columns_and_by_their_names(house: House) {
        assert_same_by_place_and_by_name::<entity::agreement_basis::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::protection_statement::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::scope::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::scope_item::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::scope_item_basis::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::scope_item_mandate::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::scope_purpose::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::signature::Entity>(&house).await;
        assert_same_by_place_and_by_name::<entity::status_entry::Entity>(&house).await;
        let short = row(&house, "select id, scope_id from scope_purpose limit 1").await;
        assert!(entity::scope_purpose::Model::of(&short).is_err());
        let lacking = row(&house, "select id, scope_id, null as purpose_id from scope_purpose limit 1").await;
        assert!(entity::scope_purpose::Model::of(&lacking).is_err());
    }

    async fn text_is_read_as_what_it_says_or_not_at_all(house: House) {
        let row = row(
            &house,
            "select cast('ACTIVE' as text) as status, cast('KEL.DECISION@X' as text) as item, cast('OTHER' as text) as channels, \
             cast('officer-1' as text) as actor, cast('gone' as text) as unknown, cast(null as text) as missing",
        )
        .await;
        assert_eq!(got(&row, "status"), Ok(AgreementStatus::Active));
        assert_eq!(got::<ItemCode>(&row, "item").unwrap().qualifier(), Some("X"));
        assert_eq!(got(&row, "channels"), Ok([Channel::Other].into_iter().collect::<Codes<_>>()));
        let (one, same): (SharedText, SharedText) = (got(&row, "actor").unwrap(), got(&row, "actor").unwrap());
        assert_eq!((one.as_str(), one.as_str().as_ptr()), ("officer-1", same.as_str().as_ptr()), "rows share it");
        assert_eq!(got::<Option<SharedText>>(&row, "missing"), Ok(None));
        assert_eq!(got::<Option<AgreementStatus>>(&row, "missing"), Ok(None));
        assert!(matches!(got::<AgreementStatus>(&row, "missing"), Err(DbErr::Type(_))));
        for fault in [
            got::<AgreementStatus>(&row, "unknown").map(drop),
            got::<Option<AgreementStatus>>(&row, "unknown").map(drop),
            got::<Codes<Channel>>(&row, "unknown").map(drop),
            got::<ItemCode>(&row, "unknown").map(drop),
        ] {
            assert!(matches!(fault, Err(DbErr::TryIntoErr { .. })), "{fault:?}");
        }
        assert!(matches!(got::<SharedText>(&row, "absent"), Err(DbErr::Query(_))));
        if house.app.gateway.database.is_sqlite() {
            let row = self::row(&house, "select cast(x'ff' as text) as broken, 7 as number").await;
            assert!(got::<SharedText>(&row, "broken").is_err() && got::<AgreementStatus>(&row, "number").is_err());
        }
    }
}
