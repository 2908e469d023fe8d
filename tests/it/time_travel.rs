//! What was so, and what was known: agreements, scopes and decisions at other times, and disclosures decided again.

use std::collections::BTreeMap;

use api::{
    auth::Role::{Officer, System},
    facts::{Edit, Facts, Row, TABLES},
};
use chrono::TimeDelta;
use entity::{change_row, vocabulary::instant_text};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::{
    contract::texts,
    house::{House, KELA, LVV, PIRKANMAA, TAMPERE, THL, codes},
    key_rotation::closed_and_rotated,
    on_both_engines,
    registry_acts::{act, done, faults_of, seq, social_assistance},
    reports::{assert_whole, report, with},
};

const NUMBER: &str = "KEL-2023-014";

const AGREEMENT: &str = "query($number: String!, $asOf: AsOf) { agreement(number: $number, asOf: $asOf) {
    id status endsOn effectiveStatus { state since } scopes { channel effectiveStatus { state } } recipient { name } } }";

const LISTED: &str =
    "query($filter: AgreementFilter, $asOf: AsOf) { agreements(filter: $filter, asOf: $asOf, first: 100) {
    totalCount nodes { number status } } }";

const ASKED: &str = "query($input: AccessDecisionInput!, $asOf: AsOf) { accessDecision(input: $input, asOf: $asOf) {
    verdict reasons { code } factsSeq agreement { status } } }";

const REPLAYED: &str = "query($after: String) { disclosures(first: 100, after: $after) {
    nodes { messageId decidedSeq coverage outcome mandates reasons
        replay { comparison differences decision { verdict factsSeq reasons { code } agreement { number status } } } }
    pageInfo { hasNextPage endCursor } } }";

impl House {
    async fn agreement_as_of(&self, token: &str, as_of: Value) -> Value {
        self.data(token, AGREEMENT, json!({"number": NUMBER, "asOf": as_of})).await["agreement"].clone()
    }

    async fn refused_as_of(&self, token: &str, as_of: Value) -> Vec<String> {
        self.errors(token, AGREEMENT, json!({"number": NUMBER, "asOf": as_of})).await
    }

    async fn decided_as_of(&self, as_of: Value) -> Value {
        let variables = json!({"input": social_assistance(), "asOf": as_of});
        self.data(&self.token(KELA, System), ASKED, variables).await["accessDecision"].clone()
    }

    async fn suspended(&self) {
        let id = self.agreement_as_of(&self.token(KELA, Officer), Value::Null).await["id"].clone();
        let input = json!({"input": {"id": id, "reason": "MISUSE"}});
        done(self.data(&self.token(KELA, Officer), &act("suspendAgreement", "agreement { status }"), input).await);
    }

    /// Every disclosure a viewer sees, decided again.
    async fn replayed(&self, token: &str) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.data(token, REPLAYED, json!({"after": after})).await["disclosures"].clone();
            rows.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

/// Pictures at every position, each made of the one before: what the journal says, read once from its beginning.
async fn pictures(house: &House) -> BTreeMap<i64, Facts> {
    let rows =
        change_row::Entity::find().order_by_asc(change_row::Column::Seq).order_by_asc(change_row::Column::Ordinal);
    let rows = rows.all(house.app.gateway.database.primary()).await.unwrap();
    let mut facts = Facts::default();
    let mut pictures = BTreeMap::from([(0, facts.clone())]);
    for change in rows.chunk_by(|a, b| a.seq == b.seq) {
        let edits: Vec<Edit> = change
            .iter()
            .map(|row| match &row.image {
                Some(image) => Edit::Put(Row::from_image(&row.table_name, row.shape, image).unwrap()),
                None => Edit::Remove(TABLES.iter().find(|table| **table == row.table_name).unwrap(), row.row_id),
            })
            .collect();
        facts = facts.after(change[0].seq, &edits);
        pictures.insert(facts.seq, facts.clone());
    }
    pictures
}

on_both_engines! {
    async fn picture_of_any_position_is_what_the_journal_told_until_then(house: House) {
        house.suspended().await;
        let kela = house.token(KELA, Officer);
        let draft = house.data(&kela, "{ agreement(number: \"KEL-2026-051\") { id } }", json!({})).await["agreement"]["id"].clone();
        house.done(&kela, "withdrawAgreement", json!({"id": draft, "note": "Ei enää tarpeen."})).await;
        let pictures = pictures(&house).await;
        let journal = &house.app.gateway.journal;
        let positions: Vec<i64> = pictures.keys().copied().collect();
        assert!(positions.len() > 3, "{positions:?}");
        // Forwards, backwards and in leaps, so that pictures are made of the present, of kept ones, and kept ones given up.
        let backwards = positions.iter().rev();
        let leaps = positions.iter().step_by(7).chain(positions.iter().skip(3).step_by(5));
        for seq in positions.iter().chain(backwards).chain(leaps) {
            let made = journal.as_of(*seq).await.unwrap();
            assert_eq!(made.seq, *seq);
            let told = &pictures[seq];
            assert_eq!(made.tables().differing(told.tables()), Vec::<&str>::new(), "at {seq}");
            for row in told.agreement.all() {
                let compiled = |facts: &Facts| format!("{:?}", facts.dossier(row.id));
                assert_eq!(compiled(&made), compiled(told), "{} at {seq}", row.number);
            }
        }
        assert_eq!(journal.as_of(0).await.unwrap().tables().rows().count(), 0);
    }

    async fn agreement_is_shown_as_it_was_known_and_as_it_was_valid(house: House) {
        let kela = house.token(KELA, Officer);
        let (before, known) = (house.agreement_as_of(&kela, Value::Null).await, seq(&house).await);
        let known_at = instant_text(house.app.gateway.clock.now());
        house.suspended().await;
        let after = house.agreement_as_of(&kela, Value::Null).await;
        assert_eq!((&before["status"], &after["status"]), (&json!("ACTIVE"), &json!("SUSPENDED")));
        for as_of in [json!({"knownAt": known_at}), json!({"factsSeq": known}), json!({"knownAt": known_at, "validAt": "2999-01-01"})] {
            assert_eq!(house.agreement_as_of(&kela, as_of).await["status"], "ACTIVE");
        }
        assert_eq!(house.agreement_as_of(&kela, json!({"factsSeq": known})).await, before);
        // What is known now about then: it was in force before it was suspended, and will be over when it has ended.
        let states = |agreement: &Value| {
            (agreement["effectiveStatus"]["state"].clone(), agreement["scopes"][0]["effectiveStatus"]["state"].clone())
        };
        let then = house.agreement_as_of(&kela, json!({"validAt": known_at})).await;
        assert_eq!((&then["status"], states(&then)), (&json!("ACTIVE"), states(&before)));
        let old = house.agreement_as_of(&kela, json!({"validAt": "2001-01-01"})).await;
        assert_ne!(old["effectiveStatus"]["state"], "IN_FORCE");
        let listed = async |as_of| {
            let listed = house.data(&kela, LISTED, json!({"filter": {"status": ["SUSPENDED"]}, "asOf": as_of})).await;
            texts(&listed["agreements"]["nodes"], "number")
        };
        assert_eq!(listed(json!({"factsSeq": known})).await, ["KEL-2022-003"]);
        assert_eq!(listed(Value::Null).await, ["KEL-2022-003", NUMBER]);
        assert_eq!(listed(json!({"factsSeq": 0})).await, Vec::<String>::new());
        assert_eq!(house.refused_as_of(&kela, json!({"factsSeq": 0})).await, ["NOT_FOUND"]);
    }

    async fn decision_is_made_on_what_was_known_and_says_so(house: House) {
        let now = house.decided_as_of(Value::Null).await;
        let (known, known_at) = (seq(&house).await, instant_text(house.app.gateway.clock.now()));
        assert_eq!((&now["verdict"], &now["factsSeq"]), (&json!("PERMITTED"), &json!(known)));
        house.suspended().await;
        assert_eq!(house.decided_as_of(Value::Null).await["verdict"], "DENIED");
        assert_eq!(house.decided_as_of(json!({"knownAt": known_at})).await, now);
        assert_eq!(house.decided_as_of(json!({"factsSeq": known})).await, now);
        // Known today: it had not been suspended then.
        let then = house.decided_as_of(json!({"validAt": known_at})).await;
        assert_eq!((&then["verdict"], &then["factsSeq"]), (&json!("PERMITTED"), &json!(seq(&house).await)));
        let many = "query($inputs: [AccessDecisionInput!]!, $asOf: AsOf) { accessDecisions(inputs: $inputs, asOf: $asOf) { verdict } }";
        let variables = json!({"inputs": [social_assistance(), social_assistance()], "asOf": {"factsSeq": known}});
        let answers = house.data(&house.token(KELA, System), many, variables).await["accessDecisions"].clone();
        assert_eq!(texts(&answers, "verdict"), ["PERMITTED"; 2]);
        let scopes = "query($asOf: AsOf) { accessScope(register: \"KELMU\", asOf: $asOf) { at factsSeq scopes { channel } } }";
        let scopes = async |as_of| {
            let data = house.data(&house.token(PIRKANMAA, System), scopes, json!({ "asOf": as_of })).await;
            (data["accessScope"]["factsSeq"].clone(), data["accessScope"]["scopes"].as_array().unwrap().len())
        };
        assert_eq!(scopes(json!({"factsSeq": known})).await, (json!(known), 2));
        assert_eq!(scopes(Value::Null).await.1, 0);
    }

    async fn every_fault_of_a_place_in_time_is_named(house: House) {
        let kela = house.token(KELA, System);
        let ahead = instant_text(house.app.gateway.clock.now() + TimeDelta::hours(1));
        let faults = async |as_of: Value, at: Value| {
            let mut input = social_assistance();
            input["at"] = at;
            faults_of(&house.ask(&kela, ASKED, json!({"input": input, "asOf": as_of})).await)
        };
        let several = json!({"validAt": "eilen", "knownAt": ahead, "factsSeq": 9_000_000});
        assert_eq!(faults(several, Value::Null).await, [
            "MALFORMED asOf.factsSeq", "MALFORMED asOf.factsSeq", "MALFORMED asOf.knownAt", "MALFORMED asOf.validAt"]);
        assert_eq!(faults(json!({"factsSeq": -1}), Value::Null).await, ["MALFORMED asOf.factsSeq"]);
        assert_eq!(faults(json!({"validAt": "2026-01-01"}), json!("2026-01-01")).await, ["MALFORMED input.at"]);
        let unknown = faults(json!({"factsSeq": 0}), Value::Null).await;
        assert_eq!(unknown, ["NOT_FOUND input.mandates.0", "NOT_FOUND input.purpose", "NOT_FOUND input.recipient", "NOT_FOUND input.register"]);
    }

    async fn another_time_is_not_for_nobody(house: House) {
        let house = house.reopened_with(|name| (name == "ANONYMOUS_READ").then(|| "true".to_owned())).await;
        let asked = async |as_of: Value| {
            house.reply(None, AGREEMENT, json!({"number": NUMBER, "asOf": as_of})).await
        };
        assert_eq!(asked(Value::Null).await.body["data"]["agreement"]["effectiveStatus"]["state"], "IN_FORCE");
        assert_eq!(codes(&asked(json!({"validAt": "2026-03-01"})).await.body), ["UNAUTHENTICATED"]);
    }

    async fn who_may_see_what_was_is_who_may_see_what_is(house: House) {
        let (known, stranger) = (seq(&house).await, house.token(THL, Officer));
        let seen = async |token: &str, as_of: Value| house.agreement_as_of(token, as_of).await;
        assert_eq!(seen(&stranger, json!({"factsSeq": known})).await["effectiveStatus"]["state"], "IN_FORCE");
        let kela = house.token(KELA, Officer);
        let before = seen(&kela, Value::Null).await["scopes"].clone();
        let id = seen(&kela, Value::Null).await["id"].clone();
        done(house.data(&kela, &act("amendAgreement", "agreement { publicity }"), json!({"input": {"id": id, "publicity": "PUBLICATION_RESTRICTED"}})).await);
        for as_of in [Value::Null, json!({"factsSeq": known})] {
            let refused = house.refused_as_of(&stranger, as_of).await;
            assert_eq!(refused, ["NOT_FOUND"], "what is restricted now is not shown as it was either");
        }
        let listed = house.data(&stranger, LISTED, json!({"asOf": {"factsSeq": known}})).await;
        assert!(!texts(&listed["agreements"]["nodes"], "number").contains(&NUMBER.to_owned()));
        // Whoever took a party's place sees its past, from before it did.
        let heir = house.founded("WELLBEING_COUNTY").await;
        let heir_token = house.token(&heir, Officer);
        assert_eq!(house.refused_as_of(&heir_token, Value::Null).await, ["NOT_FOUND"]);
        house.succeed(PIRKANMAA, &heir).await;
        let past = seen(&heir_token, json!({"factsSeq": known})).await;
        assert_eq!((&past["status"], &past["scopes"].as_array().map(Vec::len)), (&json!("ACTIVE"), &before.as_array().map(Vec::len)));
        assert_eq!(house.refused_as_of(&house.token(TAMPERE, Officer), json!({"factsSeq": known})).await, ["NOT_FOUND"]);
    }

    async fn every_disclosure_decided_again_on_what_was_known_comes_to_the_same(house: House) {
        let outside = json!({ "items": ["KEL.VETERAN_LIST"] });
        house.recorded(&house.kela(), &[
            report("covered"),
            with(report("uncovered"), outside.clone()),
            with(report("without mandate"), json!({ "mandates": null, "outcome": "DENIED" })),
            with(report("pinned"), json!({ "agreement": NUMBER })),
            with(report("by consent"), json!({ "ground": "CONSENT", "consentReference": "S-1" })),
        ]).await;
        let authorisation = |message_id: &str, others: Value| {
            let at = json!({"occurredAt": house.app.gateway.clock.now().to_rfc3339()});
            with(with(report(message_id), at), others)
        };
        let part = json!({"items": ["KEL.DECISION", "KEL.VETERAN_LIST"]});
        house.authorise(&house.kela(), json!({"disclosure": authorisation("part", part.clone()), "acceptPartial": true})).await;
        house.authorise(&house.kela(), json!({"disclosure": authorisation("not in part", part)})).await;
        house.suspended().await;
        house.recorded(&house.kela(), &[report("after the suspension, given before")]).await;
        let kela = house.token(KELA, Officer);
        let rows = house.replayed(&kela).await;
        let named = |name: &str| rows.iter().find(|row| row["messageId"] == name).unwrap_or_else(|| panic!("no {name}"));
        let others: Vec<_> = rows.iter().filter(|row| row["replay"]["comparison"] != "SAME").collect();
        let told = |row: &&Value| (row["messageId"].as_str().unwrap().to_owned(), row["replay"]["comparison"].clone());
        let mut told: Vec<_> = others.iter().map(told).collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        // Of what travelled on the row knows the end user as one of the applicant's, and no grant is given to those.
        assert_eq!(told, [("SINGLE-ONWARD".to_owned(), json!("UNDECIDABLE")), ("by consent".to_owned(), Value::Null)], "of {}", rows.len());
        assert_eq!(named("by consent")["replay"], Value::Null);
        let covered = &named("covered")["replay"]["decision"];
        assert_eq!((&covered["agreement"]["status"], &covered["factsSeq"]), (&json!("ACTIVE"), &named("covered")["decidedSeq"]));
        assert_eq!(named("uncovered")["replay"]["decision"]["verdict"], "DENIED");
        assert_eq!((&named("covered")["mandates"], &named("without mandate")["mandates"]), (&json!(["M1"]), &json!([])));
        assert_eq!(named("part")["replay"]["decision"]["verdict"], "PERMITTED", "what was given of it");
        assert_eq!(named("not in part")["replay"]["decision"]["verdict"], "PARTIAL");
        // The recipient is told the same.
        let theirs = house.replayed(&house.token(PIRKANMAA, Officer)).await;
        assert!(theirs.iter().any(|row| row["messageId"] == "covered"));
        for row in &theirs {
            assert_eq!(row["replay"]["comparison"], named(row["messageId"].as_str().unwrap())["replay"]["comparison"]);
        }
        assert_whole(&house.app).await;
    }

    async fn what_a_row_no_longer_tells_is_not_taken_for_a_difference(house: House) {
        let viewed = json!({
            "messageId": "seen", "recipient": KELA, "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "occurredAt": "2026-11-02T08:00:00Z", "subject": {"businessId": "0211675-2"},
            "endUser": "kela-user-1", "caseReference": "KELA/1",
        });
        let lvv = |house: &House| house.token(LVV, System);
        let row = house.recorded(&lvv(&house), std::slice::from_ref(&viewed)).await;
        assert_eq!(row[0]["coverage"], "COVERED");
        let comparison = async |house: &House, name: &str| {
            let rows = house.replayed(&house.token(LVV, Officer)).await;
            let row = rows.iter().find(|row| row["messageId"] == name).unwrap();
            (row["replay"]["comparison"].clone(), row["replay"]["differences"].clone())
        };
        assert_eq!(comparison(&house, "seen").await, (json!("SAME"), json!([])));
        // Under another key the user's grant is not known by the row's pseudonym.
        let house = closed_and_rotated(house).await;
        let row = house.recorded(&lvv(&house), &[with(viewed, json!({"messageId": "seen later"}))]).await;
        assert_eq!(row[0]["coverage"], "COVERED");
        assert_eq!(comparison(&house, "seen").await, (json!("SAME"), json!([])));
        assert_eq!(comparison(&house, "seen later").await.0, "UNDECIDABLE");
    }
}
