//! Statistics as CSV: the same numbers as GraphQL's for the same asker, in a file that says whether it is whole.

use api::{
    auth::Role,
    journal::leaf::{hex, sha256},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    house::{DVV, House, KELA, OMBUDSMAN, Reply, THL, codes},
    on_both_engines,
    process::{run, settings, text},
    registry_acts::faults_of,
};

const STATISTICS: &str = "query Statistics($input: DisclosureStatisticsInput!, $after: String) {
    disclosureStatistics(input: $input, first: 100, after: $after) {
        rows { period keys { value label } disclosures subjectCount suppressed }
        coveredUntil pageInfo { hasNextPage endCursor } } }";

impl House {
    async fn export(&self, token: Option<&str>, query: &str) -> Reply {
        let mut request = Request::get(format!("/export/statistics?{query}")).header(header::ACCEPT_LANGUAGE, "en");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Fields of every row by GraphQL, as they stand in a file.
    async fn fields(&self, token: &str, input: Value) -> Vec<String> {
        let (mut lines, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.data(token, STATISTICS, json!({ "input": input, "after": after })).await;
            let page = &page["disclosureStatistics"];
            for row in page["rows"].as_array().unwrap() {
                let mut fields = vec![row["period"].as_str().unwrap().to_owned()];
                for key in row["keys"].as_array().unwrap() {
                    fields.extend(["value", "label"].map(|part| key[part].as_str().unwrap_or_default().to_owned()));
                }
                let count = |name: &str| row[name].as_i64().map(|count| count.to_string()).unwrap_or_default();
                fields.extend([count("disclosures"), count("subjectCount"), row["suppressed"].to_string()]);
                lines.push(fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(","));
            }
            if page["pageInfo"]["hasNextPage"] == false {
                return lines;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

/// File taken apart: what is said before and after the table, and the table.
struct File {
    said: Vec<(String, String)>,
    table: Vec<String>,
}

impl File {
    /// Reads a file and checks what it says of itself.
    fn whole(text: &str) -> Self {
        let comments = text.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(": "));
        let said: Vec<_> = comments.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let start = text.find("period,").unwrap();
        let end = text.rfind("# rows: ").unwrap();
        let table = &text[start..end];
        let hash = hex(&sha256(&[table.as_bytes()]));
        let file = Self { said, table: table.split_terminator("\r\n").map(str::to_owned).collect() };
        assert_eq!(file.said("sha256"), hash);
        assert_eq!(file.said("rows"), (file.table.len() - 1).to_string());
        assert!(text.ends_with(&format!("# sha256: {hash}\r\n")));
        file
    }

    fn said(&self, key: &str) -> &str {
        self.said.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }
}

on_both_engines! {
    async fn an_export_is_every_page_of_what_its_asker_counts(house: House) {
        for (organisation, role, sight, counted) in [
            (OMBUDSMAN, Role::Auditor, "EXACT", "everything"),
            (KELA, Role::Officer, "EXACT", "what 0246246-0 disclosed or received"),
            (THL, Role::Statistician, "ROUNDED", "everything of closed days"),
        ] {
            let token = house.token(organisation, role);
            let query = "from=2025-05-17&until=2026-11-01&interval=MONTH&groupBy=RECIPIENT&groupBy=LEGAL_BASIS&outcomes=DELIVERED";
            let reply = house.export(Some(&token), query).await;
            assert_eq!(reply.status, StatusCode::OK);
            assert_eq!(reply.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
            let file = File::whole(reply.body.as_str().unwrap());
            assert_eq!((file.said("sight"), file.said("counted"), file.said("question")), (sight, counted, query));
            assert!(!file.said("generated_at").is_empty() && !file.said("covered_until").is_empty());
            assert_eq!(file.table[0], "period,recipient,recipient_label,legal_basis,legal_basis_label,disclosures,subject_count,suppressed");
            let input = json!({ "from": "2025-05-17", "until": "2026-11-01", "interval": "MONTH",
                "groupBy": ["RECIPIENT", "LEGAL_BASIS"], "filter": { "outcomes": ["DELIVERED"] } });
            assert!(file.table.len() > 20, "{organisation}");
            let asked = house.data(&token, STATISTICS, json!({ "input": input })).await;
            assert_eq!(asked["disclosureStatistics"]["coveredUntil"], file.said("covered_until"));
            // Names by GraphQL are in Finnish, unless asked otherwise: compared without them where they differ.
            let without_labels = |line: &String| line.split(',').enumerate().filter(|(at, _)| *at != 2).map(|(_, field)| field.to_owned()).collect::<Vec<_>>();
            let fields = house.fields(&token, input).await;
            assert_eq!(file.table[1..].iter().map(without_labels).collect::<Vec<_>>(), fields.iter().map(without_labels).collect::<Vec<_>>());
        }
        let nothing = house.export(Some(&house.kela()), "from=1990-01-01&until=1990-02-01").await;
        assert_eq!(File::whole(nothing.body.as_str().unwrap()).table, ["period,disclosures,subject_count,suppressed"]);
    }

    async fn what_stops_an_export_is_told_as_at_every_other_door(house: House) {
        let question = "from=2026-01-01&until=2026-02-01";
        assert_eq!(house.export(None, question).await.status, StatusCode::UNAUTHORIZED);
        let refused = house.export(Some(&house.token(DVV, Role::Administrator)), question).await;
        assert_eq!((refused.status, codes(&refused.body)), (StatusCode::FORBIDDEN, vec!["FORBIDDEN".to_owned()]));
        let wrong = "from=2026-02-30&until=2026-01-01&until=2026-01-02&interval=WEEK&groupBy=ITEM&groupBy=ITEM&groupBy=SIZE\
            &disclosers=0246246-1&recipients=2222222-9&registers=NO&agreements=NO&items=kel&legalBases=1/2020%201%20%C2%A7\
            &purposes=NO&channels=POST&outcomes=LOST&nothing=1";
        let refused = house.export(Some(&house.kela()), wrong).await;
        assert_eq!((refused.status, codes(&refused.body)), (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".to_owned()]));
        let code = house.export(Some(&house.kela()), &format!("{question}&010594Y9032=1")).await;
        assert_eq!((code.status, codes(&code.body)), (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".to_owned()]));
        assert!(!code.body.to_string().contains("010594Y9032"));
        assert_eq!(faults_of(&refused.body), [
            "MALFORMED ", "MALFORMED channels.0", "MALFORMED disclosers.0", "MALFORMED from", "MALFORMED groupBy",
            "MALFORMED groupBy.2", "MALFORMED interval.0", "MALFORMED items.0", "MALFORMED outcomes.0", "MALFORMED until",
            "NOT_FOUND agreements.0", "NOT_FOUND legalBases.0", "NOT_FOUND purposes.0", "NOT_FOUND recipients.0", "NOT_FOUND registers.0",
        ]);
    }

    async fn command_prints_what_the_database_holds_exactly(house: House) {
        let authority = house.token(OMBUDSMAN, Role::Auditor);
        let query = "from=2026-01-01&until=2026-11-01&groupBy=DISCLOSER&legalBases=703%2F2023%2064%20%C2%A7%201%20mom";
        let exported = house.export(Some(&authority), query).await;
        let settings = settings(house.directory.path(), &house.database_url);
        let arguments = ["statistics", "from=2026-01-01", "until=2026-11-01", "groupBy=DISCLOSER", "legalBases=703/2023 64 § 1 mom"];
        let printed = run(&settings, &arguments).await;
        assert!(printed.status.success(), "{}", text(&printed.stderr));
        let (printed, exported) = (File::whole(&text(&printed.stdout)), File::whole(exported.body.as_str().unwrap()));
        let numbers = |file: &File| file.table.iter().map(|line| line.rsplitn(4, ',').map(str::to_owned).collect::<Vec<_>>()[..3].to_vec()).collect::<Vec<_>>();
        assert_eq!(numbers(&printed), numbers(&exported));
        assert_eq!((printed.said("sight"), printed.said("counted")), ("EXACT", "everything"));
        let wrong = run(&settings, &["statistics", "from=2026-01-01", "until=2025-01-01", "groupBy=SIZE"]).await;
        assert!(!wrong.status.success() && wrong.stdout.is_empty());
        assert!(text(&wrong.stderr).contains("until") && text(&wrong.stderr).contains("groupBy.0"), "{}", text(&wrong.stderr));
    }
}
