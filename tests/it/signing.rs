//! How the parties of an agreement come to stand by its content: versions and their differences, acceptance, signature and
//! what can be taken back; each guard refused and then met.

use api::{
    auth::Role::{Administrator, Auditor, Officer, System},
    decision,
    facts::{Edit, Facts, global_id},
    journal::{Author, Changes},
    version,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{
    agreement, onward_rule, onward_rule_basis, onward_rule_item, scope, scope_purpose,
    vocabulary::{AgreementId, OnwardRecipientKind, RowId, helsinki_day, instant_text},
};
use futures::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    contract::{DECISION, texts},
    house::{House, KELA, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    law_life::administrators,
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::assert_whole,
    statement_life::assert_exported,
};

const ENFORCEMENT: &str = "9900005-0";

/// In negotiation: the discloser has accepted.
const NEGOTIATED: &str = "SOT-2026-003";

/// What is seen of an agreement here.
const SEEN: &str = "id status signedOn version contentHash awaits allowedActions { code blockedBy { code } }
    history { status reason } versions { nodes { number contentHash content isAgreed signatures { act side }
        differences { kind path earlier later } } }
    signatures { nodes { act side version contentHash evidence document { sha256 } organisation { businessId } } }";

/// Key of RFC 8037, appendix A: its public part, its id, and its private part in PKCS #8.
const PUBLIC: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

/// Detached signature over a content hash by the key.
fn by_key(header: &Value, hash: &str) -> String {
    let key = EncodingKey::from_ed_der(&URL_SAFE_NO_PAD.decode(PRIVATE).unwrap());
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(hash));
    format!("{header}..{}", crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap())
}

pub fn id<I: RowId>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

/// Document of a digit's hash.
pub fn paper(digit: &str) -> Value {
    json!({"paper": {"title": "Allekirjoitettu sopimus", "sha256": digit.repeat(64), "mediaType": "application/pdf"}})
}

impl House {
    /// Officer of an organisation, another than every other organisation's.
    pub fn officer_of(&self, organisation: &str) -> String {
        self.token_as(&format!("officer-of-{organisation}"), organisation, &[Officer], None)
    }

    pub async fn content_seen(&self, token: &str, number: &str) -> Value {
        let query = format!("{{ agreement(number: \"{number}\") {{ {SEEN} }} }}");
        self.data(token, &query, json!({})).await["agreement"].clone()
    }

    /// Does an act on the present content of an agreement, as its caller sees it.
    pub async fn on_present(&self, token: &str, name: &str, number: &str, others: &Value) -> Value {
        let seen = self.content_seen(token, number).await;
        let versions = seen["versions"]["nodes"].as_array().unwrap();
        let version = versions.last().map(|version| version["number"].clone());
        let mut input = json!({"id": seen["id"], "version": version, "contentHash": seen["contentHash"]});
        input.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        self.data(token, &act(name, &format!("agreement {{ {SEEN} }}")), json!({"input": input})).await
    }

    pub async fn accepts(&self, token: &str, number: &str) -> Value {
        self.on_present(token, "acceptAgreement", number, &json!({})).await
    }

    pub async fn signs(&self, token: &str, number: &str, proof: &Value) -> Value {
        let others = json!({"proof": proof, "commitsToDataProtection": true});
        self.on_present(token, "signAgreement", number, &others).await
    }

    async fn lacks_signature(&self, number: &str) -> bool {
        let query = "query($number: String!) { agreement(number: $number) { completeness { missing { code } } } }";
        let seen = self.data(&self.officer_of(LVV), query, json!({ "number": number })).await;
        texts(&seen["agreement"]["completeness"]["missing"], "code").contains(&"SIGNATURE_MISSING".to_owned())
    }

    async fn takes_back(&self, token: &str, number: &str, version: Option<i32>) -> Value {
        let input =
            json!({"id": self.content_seen(token, number).await["id"], "version": version, "reason": "Muutostarve."});
        self.data(token, &act("revokeSignature", &format!("agreement {{ {SEEN} }}")), json!({"input": input})).await
    }

    pub fn agreement_row(&self, number: &str) -> agreement::Model {
        self.app.gateway.journal.facts().agreement.by_key(number).unwrap().as_ref().clone()
    }

    /// Changes rows of an agreement as its acts do: what changes what was offered leaves a version.
    pub async fn amend_rows(
        &self,
        number: &str,
        edits: impl FnOnce(&Facts, AgreementId) -> Vec<Edit> + Send + 'static,
    ) {
        let agreement = self.agreement_row(number).id;
        let author = Author { actor: "test".to_owned(), organisation: None };
        let changes = move |facts: &Facts| {
            let edits = version::frozen(facts, agreement, edits(facts, agreement));
            Ok(vec![Changes { action: "import", subject: global_id(agreement), reason: None, edits }])
        };
        self.app.gateway.journal.commit(author, changes).await.unwrap();
    }

    /// Lets the first scope of an agreement serve a purpose more.
    pub async fn widen_scope(&self, number: &str, purpose: &'static str) {
        let row = move |facts: &Facts, agreement| {
            let scope_id = newest_scope(facts, agreement).id;
            let purpose_id = facts.purpose.by_key(purpose).unwrap().id;
            vec![scope_purpose::Model { id: api::clock::fresh_id(), scope_id, purpose_id }.into()]
        };
        self.amend_rows(number, row).await;
    }

    /// Makes the recipient of an agreement delete the data sooner.
    async fn narrow_scope(&self, number: &str) {
        let row = |facts: &Facts, agreement| {
            vec![scope::Model { retention_days: Some(30), ..newest_scope(facts, agreement) }.into()]
        };
        self.amend_rows(number, row).await;
    }
}

/// Scope over the interface in its newest version.
pub fn newest_scope(facts: &Facts, agreement: AgreementId) -> scope::Model {
    let scopes = &facts.dossier(agreement).unwrap().scopes;
    let newest = scopes.iter().filter(|scope| scope.row.channel.to_string() == "TECHNICAL_INTERFACE");
    newest.max_by_key(|scope| scope.row.version).unwrap().row.as_ref().clone()
}

fn codes(seen: &Value) -> Vec<String> {
    texts(&seen["allowedActions"], "code")
}

on_both_engines! {
    async fn agreement_is_accepted_and_signed_by_each_side_for_itself(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        let offered = house.content_seen(&bailiff, NEGOTIATED).await;
        assert_eq!((&offered["status"], &offered["awaits"]), (&json!("NEGOTIATION"), &json!(["RECIPIENT"])));
        let version = &offered["versions"]["nodes"][0];
        assert_eq!((&version["number"], &version["isAgreed"], &version["differences"]), (&json!(1), &json!(false), &json!([])));
        assert_eq!(version["contentHash"], decision::content_hash(version["content"].as_str().unwrap()));
        assert_eq!(version["signatures"], json!([{"act": "ACCEPTED", "side": "DISCLOSER"}]));
        assert!(codes(&offered).contains(&"ACCEPT".to_owned()), "{offered:#}");
        assert!(!codes(&house.content_seen(&lvv, NEGOTIATED).await).contains(&"ACCEPT".to_owned()), "it has");

        let early = house.signs(&bailiff, NEGOTIATED, &paper("a")).await;
        assert_eq!(refusals(&early), ["ACCEPTANCE_MISSING input.id"]);
        let accept = act("acceptAgreement", &format!("agreement {{ {SEEN} }}"));
        let given = json!({"id": offered["id"], "version": 1, "contentHash": offered["contentHash"]});
        for (changed, refused) in [
            (json!({"version": 2}), "CONFLICT input.version"),
            (json!({"contentHash": "00".repeat(32)}), "CONFLICT input.contentHash"),
            (json!({"contentHash": "00"}), "MALFORMED input.contentHash"),
            (json!({"id": "agreement:x"}), "MALFORMED input.id"),
        ] {
            let mut input = given.clone();
            input.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            assert_eq!(refusals(&house.data(&bailiff, &accept, json!({"input": input})).await), [refused]);
        }
        let twice = house.token_as("lvv-officer-2", ENFORCEMENT, &[Officer], None);
        assert_eq!(refusals(&house.accepts(&twice, NEGOTIATED).await), ["CONFLICT input.id"], "one officer speaks for one side");
        let before = seq(&house).await;
        done(house.data(&bailiff, &accept, tried(&given)).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let accepted = done(house.accepts(&bailiff, NEGOTIATED).await)["agreement"].clone();
        assert_eq!((&accepted["awaits"], &accepted["version"], &accepted["contentHash"]), (&json!([]), &json!(1), &offered["contentHash"]));
        assert_eq!(accepted["versions"]["nodes"][0]["isAgreed"], true);
        assert_eq!(done(house.accepts(&bailiff, NEGOTIATED).await)["agreement"], accepted, "the same again answers the same");
        assert_eq!(seq(&house).await, before + 1);

        let uncommitted = json!({"proof": {"eSignature": {"title": " ", "sha256": "x", "mediaType": "pdf"}}});
        assert_eq!(refusals(&house.on_present(&bailiff, "signAgreement", NEGOTIATED, &uncommitted).await), [
            "BLANK input.commitsToDataProtection", "BLANK input.proof.eSignature.title", "MALFORMED input.proof.eSignature.mediaType",
            "MALFORMED input.proof.eSignature.sha256",
        ]);
        let signed = done(house.signs(&bailiff, NEGOTIATED, &paper("a")).await)["agreement"].clone();
        assert_eq!((&signed["status"], &signed["signedOn"]), (&json!("NEGOTIATION"), &Value::Null));
        assert_eq!(codes(&signed).iter().filter(|code| *code == "SIGN").count(), 0);
        let before = seq(&house).await;
        done(house.signs(&bailiff, NEGOTIATED, &paper("a")).await);
        assert_eq!(seq(&house).await, before, "the same signature again");
        assert_eq!(refusals(&house.signs(&bailiff, NEGOTIATED, &paper("b")).await), ["CONFLICT input.proof"]);
        let plain = json!({"proof": {"eSignature": paper("c")["paper"]}});
        let signed = done(house.on_present(&lvv, "signAgreement", NEGOTIATED, &plain).await)["agreement"].clone();
        let today = helsinki_day(house.app.gateway.clock.now()).to_string();
        assert_eq!((&signed["status"], &signed["signedOn"]), (&json!("SIGNED"), &json!(today)));
        let last = signed["signatures"]["nodes"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({"act": "SIGNED", "side": "DISCLOSER", "version": 1, "contentHash": offered["contentHash"], "evidence": "E_SIGNATURE",
            "document": {"sha256": "c".repeat(64)}, "organisation": {"businessId": LVV}}));
        assert_eq!(signed["signatures"]["nodes"][0]["evidence"], Value::Null, "an acceptance proves itself");
        assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &paper("d")).await), ["CONFLICT input.proof", "WRONG_STATUS input.id"]);
        assert_eq!(house.content_seen(&house.token(LVV, System), NEGOTIATED).await["signatures"]["nodes"][2]["document"], Value::Null, "documents are the office's");
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn signature_is_taken_back_before_activation_and_given_again(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        done(house.accepts(&bailiff, NEGOTIATED).await);
        done(house.signs(&bailiff, NEGOTIATED, &paper("a")).await);
        done(house.signs(&lvv, NEGOTIATED, &paper("b")).await);
        assert_eq!(refusals(&house.takes_back(&lvv, NEGOTIATED, Some(7)).await), ["WRONG_STATUS input.version"]);
        let blank = json!({"input": {"id": house.content_seen(&lvv, NEGOTIATED).await["id"], "reason": " "}});
        assert_eq!(refusals(&house.data(&lvv, &act("revokeSignature", "agreement { id }"), blank).await), ["BLANK input.reason"]);
        let back = done(house.takes_back(&lvv, NEGOTIATED, Some(1)).await)["agreement"].clone();
        assert_eq!((&back["status"], &back["signedOn"], &back["awaits"]), (&json!("NEGOTIATION"), &Value::Null, &json!(["DISCLOSER"])));
        assert_eq!(back["history"].as_array().unwrap().last().unwrap(), &json!({"status": "NEGOTIATION", "reason": "Muutostarve."}));
        assert_eq!(refusals(&house.takes_back(&lvv, NEGOTIATED, None).await), ["WRONG_STATUS input.version"], "there is nothing more to take back");
        assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &paper("b")).await), ["ACCEPTANCE_MISSING input.id"]);
        done(house.accepts(&lvv, NEGOTIATED).await);
        let again = done(house.signs(&lvv, NEGOTIATED, &paper("b")).await)["agreement"].clone();
        assert_eq!(again["status"], "SIGNED", "the other side's signature stood");
        done(house.takes_back(&bailiff, NEGOTIATED, None).await);
        done(house.takes_back(&lvv, NEGOTIATED, None).await);
        assert_eq!(house.content_seen(&lvv, NEGOTIATED).await["awaits"], json!(["DISCLOSER", "RECIPIENT"]));
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn only_the_officers_of_a_side_act_for_it(house: House) {
        let acts = [("acceptAgreement", json!({})), ("signAgreement", json!({"proof": paper("a")}))];
        let (agreement, hash) = {
            let seen = house.content_seen(&house.officer_of(LVV), NEGOTIATED).await;
            (seen["id"].clone(), seen["contentHash"].clone())
        };
        for (name, others) in acts {
            let mut input = json!({"id": agreement, "version": 1, "contentHash": hash});
            input.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
            let variables = json!({"input": input});
            let document = act(name, "agreement { id }");
            for (organisation, role) in [(LVV, System), (LVV, Administrator), (ENFORCEMENT, Auditor), (OMBUDSMAN, Auditor)] {
                assert_eq!(house.errors(&house.token(organisation, role), &document, variables.clone()).await, ["FORBIDDEN"], "{name} {role:?}");
            }
            let stranger = refusals(&house.data(&house.officer_of(KELA), &document, variables.clone()).await);
            assert_eq!(stranger, ["NOT_FOUND input.id"], "a restricted agreement is nothing to others");
        }
        let seen = house.data(&house.token(KELA, Administrator), "{ agreement(number: \"SOT-2026-003\") { contentHash awaits versions { nodes { number } } signatures { nodes { act } } } }", json!({})).await;
        assert_eq!(seen["agreement"], json!({"contentHash": null, "awaits": null, "versions": null, "signatures": null}));
    }

    async fn content_that_gives_less_counts_at_once_and_more_needs_both(house: House) {
        let (thl, lvv) = (house.officer_of(THL), house.officer_of(LVV));
        let number = "SOT-2026-002";
        let signed = house.content_seen(&thl, number).await;
        assert_eq!((&signed["awaits"], &signed["versions"]["nodes"][0]["isAgreed"]), (&json!([]), &json!(true)), "what was signed before stands");
        house.narrow_scope(number).await;
        let narrowed = house.content_seen(&thl, number).await;
        assert_eq!((&narrowed["awaits"], &narrowed["version"]), (&json!([]), &json!(2)), "giving less needs nobody");
        assert_eq!(narrowed["versions"]["nodes"][0]["contentHash"], signed["contentHash"]);
        let path = ["scopes", "TECHNICAL_INTERFACE", "retentionDays"];
        assert_eq!(narrowed["versions"]["nodes"][1]["differences"], json!([{"kind": "NARROWED", "path": path, "earlier": "unlimited", "later": "30"}]));

        house.widen_scope(number, "SUPERVISION").await;
        let widened = house.content_seen(&thl, number).await;
        assert_eq!((&widened["awaits"], &widened["version"]), (&json!(["DISCLOSER", "RECIPIENT"]), &json!(3)));
        let path = ["scopes", "TECHNICAL_INTERFACE", "purposes", "SUPERVISION"];
        let added = json!({"kind": "ADDED", "path": path, "earlier": null, "later": "SUPERVISION"});
        assert_eq!(widened["versions"]["nodes"][2]["differences"], json!([added]));
        let from_first = "{ agreement(number: \"SOT-2026-002\") { versions { nodes { differences(from: 1) { kind } } } } }";
        assert_eq!(house.errors(&thl, from_first, json!({})).await, ["INVALID_INPUT"], "the first has nothing earlier");
        let stale = json!({"version": 2, "contentHash": narrowed["contentHash"]});
        assert_eq!(refusals(&house.on_present(&thl, "acceptAgreement", number, &stale).await), ["CONFLICT input.version"]);
        assert_eq!(done(house.accepts(&thl, number).await)["agreement"]["awaits"], json!(["DISCLOSER"]));
        assert_eq!(done(house.takes_back(&thl, number, Some(3)).await)["agreement"]["status"], "SIGNED", "the signed version stands");
        assert_eq!(house.content_seen(&thl, number).await["awaits"], json!(["DISCLOSER", "RECIPIENT"]));
        done(house.accepts(&lvv, number).await);
        let agreed = done(house.accepts(&thl, number).await)["agreement"].clone();
        assert_eq!(agreed["awaits"], json!([]));
        let is_agreed: Vec<_> = agreed["versions"]["nodes"].as_array().unwrap().iter().map(|version| version["isAgreed"] == true).collect();
        assert_eq!(is_agreed, [false, false, true]);
        assert_whole(&house.app).await;
    }

    async fn what_is_in_force_is_not_taken_back_and_what_only_one_side_agreed_to_is(house: House) {
        let (city, kela) = (house.officer_of(PIRKANMAA), house.officer_of(KELA));
        let number = "KEL-2023-014";
        assert_eq!(refusals(&house.takes_back(&city, number, None).await), ["WRONG_STATUS input.version"]);
        assert_eq!(refusals(&house.signs(&city, number, &paper("a")).await).last().unwrap(), "WRONG_STATUS input.id");
        house.widen_scope(number, "TAXATION").await;
        done(house.accepts(&city, number).await);
        assert!(codes(&house.content_seen(&city, number).await).contains(&"REVOKE_SIGNATURE".to_owned()));
        done(house.takes_back(&city, number, None).await);
        done(house.accepts(&city, number).await);
        done(house.accepts(&kela, number).await);
        for token in [&city, &kela] {
            assert_eq!(refusals(&house.takes_back(token, number, None).await), ["WRONG_STATUS input.version"], "notice ends what both agreed");
        }
        assert!(!codes(&house.content_seen(&city, number).await).contains(&"REVOKE_SIGNATURE".to_owned()));
        let ended = house.officer_of(KELA);
        assert_eq!(refusals(&house.accepts(&ended, "DVV-2025-201").await).last().unwrap(), "WRONG_STATUS input.id", "what has ended is agreed on no more");
    }

    async fn what_one_has_signed_is_accepted_without_a_trace(house: House) {
        let number = "SOT-2026-002";
        let before = seq(&house).await;
        for token in [house.officer_of(THL), house.officer_of(LVV)] {
            let accepted = done(house.accepts(&token, number).await)["agreement"].clone();
            assert!(accepted["signatures"]["nodes"].as_array().unwrap().iter().all(|row| row["act"] == "SIGNED"), "{accepted:#}");
        }
        assert_eq!(seq(&house).await, before, "its signatures are from before the gateway and name no hash");
        assert!(!house.lacks_signature(number).await);
        house.widen_scope(number, "SUPERVISION").await;
        done(house.accepts(&house.officer_of(THL), number).await);
        done(house.accepts(&house.officer_of(LVV), number).await);
        assert_eq!(seq(&house).await, before + 3, "what is new to both is accepted");
        assert!(!house.lacks_signature(number).await, "what was signed still stands, and nobody can sign again");

        assert!(house.lacks_signature(NEGOTIATED).await);
        done(house.accepts(&house.officer_of(ENFORCEMENT), NEGOTIATED).await);
        assert!(house.lacks_signature(NEGOTIATED).await, "accepted by both, signed by neither");
        assert_whole(&house.app).await;
    }

    async fn nothing_is_agreed_on_once_the_term_is_over(house: House) {
        let ended = "the agreement is ACTIVE, and its term has ended";
        for organisation in [KELA, "9900004-2"] {
            let token = house.officer_of(organisation);
            let accepted = house.accepts(&token, "KEL-2020-009").await;
            assert_eq!((refusals(&accepted), texts(&accepted["acceptAgreement"]["userErrors"], "message")), (vec!["WRONG_STATUS input.id".to_owned()], vec![ended.to_owned()]));
            assert!(refusals(&house.signs(&token, "KEL-2020-009", &paper("a")).await).contains(&"WRONG_STATUS input.id".to_owned()));
            assert_eq!(refusals(&house.takes_back(&token, "KEL-2020-009", None).await), ["WRONG_STATUS input.id"]);
        }
        let (number, thl) = ("SOT-2026-002", house.officer_of(THL));
        house.widen_scope(number, "SUPERVISION").await;
        let seen = house.content_seen(&thl, number).await;
        assert!(codes(&seen).contains(&"ACCEPT".to_owned()), "its term runs");
        let input = json!({"id": seen["id"], "version": seen["version"], "contentHash": seen["contentHash"]});
        done(house.data(&thl, &act("acceptAgreement", "agreement { id }"), tried(&input)).await);
        let row = house.agreement_row(number);
        let over = agreement::Model { ends_on: row.starts_on, ..row };
        house.amend_rows(number, move |_, _| vec![over.into()]).await;
        assert!(!codes(&house.content_seen(&thl, number).await).contains(&"ACCEPT".to_owned()));
        assert_eq!(refusals(&house.accepts(&thl, number).await), ["WRONG_STATUS input.id"]);
    }

    async fn taking_back_goes_no_further_than_the_newest_version_acted_on(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        let said = |answer: Value| {
            assert_eq!(refusals(&answer), ["WRONG_STATUS input.version"]);
            texts(&answer["revokeSignature"]["userErrors"], "message").concat()
        };
        let message = said(house.takes_back(&bailiff, NEGOTIATED, None).await);
        assert_eq!(message, "your side has neither accepted nor signed anything");
        house.widen_scope(NEGOTIATED, "SUPERVISION").await;
        done(house.accepts(&lvv, NEGOTIATED).await);
        done(house.takes_back(&lvv, NEGOTIATED, None).await);
        let message = said(house.takes_back(&lvv, NEGOTIATED, None).await);
        assert_eq!(message, "your side has taken back what it did on the newest version it acted on: name an older one");
        let message = said(house.takes_back(&lvv, NEGOTIATED, Some(2)).await);
        assert_eq!(message, "your side has neither accepted nor signed this version, or took that back");
        done(house.takes_back(&lvv, NEGOTIATED, Some(1)).await);
        let message = said(house.takes_back(&lvv, NEGOTIATED, None).await);
        assert_eq!(message, "your side has taken back what it did: there is nothing more");
        for version in [None, Some(3)] {
            let message = said(house.takes_back(&house.officer_of(KELA), "KEL-2023-014", version).await);
            assert_eq!(message, "nothing can be taken back of what both parties have agreed and is in force: give notice instead");
        }
    }

    async fn data_travels_on_by_a_rule_only_once_both_have_agreed_to_it(house: House) {
        let number = "SOT-2026-001";
        let question = |to: &str, at: Option<&str>| json!({"at": at, "recipient": KELA, "register": "SOTERI", "items": ["SOT.ECEC_PROVIDER"], "purpose": "CHILD_CARE_ALLOWANCE",
            "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "caseReference": "KELA/2026/1", "onwardTo": to});
        let decided_at = async |to: &str, at: Option<&str>| {
            let answer = house.data(&house.token(LVV, System), DECISION, json!({"input": question(to, at)})).await;
            let decision = &answer["accessDecision"];
            (decision["verdict"].as_str().unwrap().to_owned(), texts(&decision["reasons"], "code"))
        };
        let decided = async |to: &str| decided_at(to, None).await;
        let (permitted, forbidden) = (("PERMITTED".to_owned(), vec![]), ("DENIED".to_owned(), vec!["ONWARD_FORBIDDEN".to_owned()]));
        assert_eq!((decided("APPEAL_BODY").await, decided("ECEC_PROVIDER").await), (permitted.clone(), forbidden.clone()));
        let valid_from = house.app.gateway.clock.now();
        let rule = move |facts: &Facts, agreement: AgreementId| {
            let dossier = facts.dossier(agreement).unwrap();
            let model = dossier.onward.iter().find(|rule| rule.row.recipient_kind == OnwardRecipientKind::AppealBody).unwrap();
            let basis = dossier.bases[model.bases[0]].row.id;
            let row = onward_rule::Model { id: id(1), recipient_kind: OnwardRecipientKind::EcecProvider, valid_from, ..model.row.as_ref().clone() };
            let item = onward_rule_item::Model { id: id(2), onward_rule_id: id(1), item_code: "SOT.ECEC_PROVIDER".parse().unwrap() };
            let rests = onward_rule_basis::Model { id: id(3), onward_rule_id: id(1), agreement_basis_id: basis };
            vec![row.into(), item.into(), rests.into()]
        };
        house.amend_rows(number, rule).await;
        assert_eq!(decided("ECEC_PROVIDER").await, forbidden, "on the discloser's word alone");
        assert_eq!(decided("APPEAL_BODY").await, permitted, "what was agreed goes on");
        done(house.accepts(&house.officer_of(KELA), number).await);
        assert_eq!(decided("ECEC_PROVIDER").await, forbidden);
        let before = instant_text(house.app.gateway.clock.now());
        done(house.accepts(&house.officer_of(LVV), number).await);
        assert_eq!(decided("ECEC_PROVIDER").await, permitted);
        assert_eq!(decided_at("ECEC_PROVIDER", Some(&before)).await, forbidden, "what both agree to later was not agreed before");
    }

    async fn successor_signs_in_the_place_of_the_party_that_accepted(house: House) {
        done(house.accepts(&house.officer_of(ENFORCEMENT), NEGOTIATED).await);
        let administrator = house.token(KELA, Administrator);
        let party = house.data(&administrator, "{ organisation(businessId: \"9900005-0\") { id } }", json!({})).await["organisation"]["id"].clone();
        let dissolved = json!({"id": party, "dissolvedOn": "2026-10-31", "successor": TAMPERE});
        done(house.data(&administrator, &act("dissolveOrganisation", "organisation { id }"), json!({"input": dissolved})).await);
        let heir = house.officer_of(TAMPERE);
        let signed = done(house.signs(&heir, NEGOTIATED, &paper("a")).await)["agreement"].clone();
        let last = signed["signatures"]["nodes"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["side"], &last["organisation"]["businessId"]), (&json!("RECIPIENT"), &json!(TAMPERE)));
        assert_eq!(done(house.signs(&house.officer_of(LVV), NEGOTIATED, &paper("b")).await)["agreement"]["status"], "SIGNED");
        let ended = act("signAgreement", "agreement { id }");
        let input = json!({"input": {"id": signed["id"], "version": 1, "contentHash": signed["contentHash"], "proof": paper("a"), "commitsToDataProtection": true}});
        assert_eq!(house.errors(&house.officer_of(ENFORCEMENT), &ended, input).await, ["FORBIDDEN"], "who has ceased signs nothing");
        assert_eq!(codes(&house.content_seen(&house.officer_of(ENFORCEMENT), NEGOTIATED).await), Vec::<String>::new(), "and is offered nothing");
        assert_ne!(codes(&house.content_seen(&heir, NEGOTIATED).await), Vec::<String>::new());
    }

    async fn of_racing_officers_one_signs_and_both_sides_at_once_sign_once(house: House) {
        done(house.accepts(&house.officer_of(ENFORCEMENT), NEGOTIATED).await);
        let officers: Vec<_> = (0..6).map(|at| house.token_as(&format!("racer-{at}"), ENFORCEMENT, &[Officer], None)).collect();
        let papers: Vec<_> = (0..6).map(|at| paper(&format!("{at}"))).collect();
        let racing = officers.iter().zip(&papers).map(|(token, paper)| house.signs(token, NEGOTIATED, paper));
        let answers = join_all(racing).await;
        let refused: Vec<_> = answers.iter().map(refusals).filter(|refused| !refused.is_empty()).collect();
        assert_eq!(refused, vec![vec!["CONFLICT input.proof"]; 5], "one winner, and one clear conflict each");
        done(house.takes_back(&house.officer_of(ENFORCEMENT), NEGOTIATED, None).await);
        done(house.accepts(&house.officer_of(ENFORCEMENT), NEGOTIATED).await);
        let (bailiff, lvv, proofs) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV), [paper("a"), paper("b")]);
        let both = join_all([house.signs(&bailiff, NEGOTIATED, &proofs[0]), house.signs(&lvv, NEGOTIATED, &proofs[1])]).await;
        for answer in both {
            done(answer);
        }
        let seen = house.content_seen(&lvv, NEGOTIATED).await;
        let signed = seen["history"].as_array().unwrap().iter().filter(|entry| entry["status"] == "SIGNED").count();
        assert_eq!((&seen["status"], signed), (&json!("SIGNED"), 1));
    }

    async fn organisation_signs_by_its_own_registered_key(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        done(house.accepts(&bailiff, NEGOTIATED).await);
        let hash = house.content_seen(&lvv, NEGOTIATED).await["contentHash"].as_str().unwrap().to_owned();
        let jws = json!({"jws": by_key(&json!({"alg": "EdDSA", "kid": KID}), &hash)});
        assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &jws).await), ["NOT_FOUND input.proof.jws"]);
        let (one, two) = administrators(&house);
        let proposed = json!({"input": {"organisation": LVV, "jwk": PUBLIC}});
        let key = done(house.data(&one, &act("proposeKey", "key { id }"), proposed).await)["key"]["id"].clone();
        assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &jws).await), ["WRONG_STATUS input.proof.jws"], "not confirmed");
        done(house.data(&two, &act("confirmKey", "key { id }"), json!({"input": {"id": key}})).await);
        assert_eq!(refusals(&house.signs(&bailiff, NEGOTIATED, &jws).await), ["CONFLICT input.proof.jws"], "another's key");
        for (header, over, refused) in [
            (json!({"alg": "EdDSA", "kid": KID}), "00".repeat(32), "CONFLICT input.proof.jws"),
            (json!({"alg": "none", "kid": KID}), hash.clone(), "MALFORMED input.proof.jws"),
            (json!({"alg": "EdDSA", "kid": KID, "crit": ["exp"]}), hash.clone(), "MALFORMED input.proof.jws"),
        ] {
            let jws = json!({"jws": by_key(&header, &over)});
            assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &jws).await), [refused]);
        }
        let signed = done(house.signs(&lvv, NEGOTIATED, &jws).await)["agreement"].clone();
        let revoked = json!({"input": {"id": key, "note": "Avain on hukattu."}});
        done(house.data(&one, &act("revokeKey", "key { id }"), revoked).await);
        let before = seq(&house).await;
        assert_eq!(done(house.signs(&lvv, NEGOTIATED, &jws).await)["agreement"], signed, "what was signed stands, and is repeated");
        assert_eq!(seq(&house).await, before);
        assert_eq!(done(house.signs(&bailiff, NEGOTIATED, &paper("a")).await)["agreement"]["status"], "SIGNED", "a revoked key voids nothing");
        let seen = house.data(&bailiff, "{ agreement(number: \"SOT-2026-003\") { signatures { nodes { jws evidence } } } }", json!({})).await;
        assert_eq!(seen["agreement"]["signatures"]["nodes"][2], json!({"jws": jws["jws"], "evidence": "JWS"}));
        done(house.takes_back(&lvv, NEGOTIATED, None).await);
        done(house.accepts(&lvv, NEGOTIATED).await);
        assert_eq!(refusals(&house.signs(&lvv, NEGOTIATED, &jws).await), ["WRONG_STATUS input.proof.jws"], "but signs no more");
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }
}
