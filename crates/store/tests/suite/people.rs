//! People, sessions, proposals, rulesets.

use model::Role;
use serde_json::json;
use store::{LOGIN_TRIES, ProposalKind, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS};

use crate::help::{Bed, HOUR, MINUTE, NOW, code};

#[tokio::test]
async fn a_session_ends_by_idleness_by_age_and_by_revocation() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.store.open_session(&who.analyst, "t1", NOW).await.expect("opened");
    assert!(bed.store.session("t1", NOW + SESSION_IDLE_MS - 1).await.expect("read").is_some());
    assert!(bed.store.session("t1", NOW + SESSION_IDLE_MS + HOUR / 2).await.expect("read").is_some(), "prolonged");
    assert!(bed.store.session("t1", NOW + 3 * SESSION_IDLE_MS).await.expect("read").is_none(), "idle");
    bed.store.open_session(&who.analyst, "t2", NOW).await.expect("opened");
    let mut now = NOW;
    while now < NOW + SESSION_ABSOLUTE_MS {
        assert!(bed.store.session("t2", now).await.expect("read").is_some());
        now += SESSION_IDLE_MS / 2;
    }
    assert!(bed.store.session("t2", now).await.expect("read").is_none(), "too old");
    bed.store.open_session(&who.analyst, "t3", NOW).await.expect("opened");
    let body = json!({ "user": who.analyst, "role": "lead" });
    let id = bed.store.propose(&who.admin, ProposalKind::ChangeRole, &body, "lên chức", NOW).await.expect("proposed");
    bed.store.approve(&who.lead, &id, NOW).await.expect("approved");
    assert_eq!(bed.store.user(&who.analyst).await.expect("the user").role, Role::Lead);
    assert!(bed.store.session("t3", NOW).await.expect("read").is_none(), "the role changed");
}

#[tokio::test]
async fn failed_log_ins_lock_the_account_for_a_while() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    assert_eq!(bed.store.login_failed("nobody", NOW).await.expect("written"), None);
    for _ in 1..LOGIN_TRIES {
        assert_eq!(bed.store.login_failed("an", NOW).await.expect("written"), None);
    }
    let until = bed.store.login_failed("an", NOW).await.expect("written").expect("locked");
    assert_eq!(code(bed.store.open_session(&who.analyst, "t", NOW + MINUTE).await), "locked");
    bed.store.open_session(&who.analyst, "t", until).await.expect("open again");
}

#[tokio::test]
async fn what_needs_two_people_is_not_approved_by_the_one_who_proposed() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    bed.store
        .record_ruleset("setup", "rules-1", &[("rules/a.toml".to_owned(), b"x".to_vec())], NOW)
        .await
        .expect("kept");
    bed.store
        .record_ruleset("setup", "rules-2", &[("rules/a.toml".to_owned(), b"y".to_vec())], NOW)
        .await
        .expect("kept");
    bed.store.publish_first_ruleset("rules-1", NOW).await.expect("published");
    bed.store.publish_first_ruleset("rules-1", NOW).await.expect("nothing to do");
    assert_eq!(code(bed.store.publish_first_ruleset("rules-2", NOW).await), "second_person");
    let body = json!({ "ruleset": "rules-2" });
    let id = bed.store.propose(&who.admin, ProposalKind::PublishRules, &body, "thêm từ", NOW).await.expect("proposed");
    assert_eq!(code(bed.store.approve(&who.admin, &id, NOW).await), "second_person");
    assert_eq!(code(bed.store.approve(&who.analyst, &id, NOW).await), "role");
    assert_eq!(bed.store.waiting_proposals().await.expect("waiting").len(), 1);
    bed.store.approve(&who.lead, &id, NOW).await.expect("approved");
    assert_eq!(code(bed.store.approve(&who.lead, &id, NOW).await), "state");
    assert_eq!(bed.store.current_ruleset().await.expect("read").expect("one").id, "rules-2");
    let files = bed.store.ruleset_files("rules-2").await.expect("files");
    assert_eq!(files, [("rules/a.toml".to_owned(), b"y".to_vec())]);
    assert_eq!(code(bed.store.propose(&who.officer, ProposalKind::Export, &json!({}), "x", NOW).await), "role");
    assert_eq!(code(bed.store.propose(&who.admin, ProposalKind::ChangeRole, &json!({}), "x", NOW).await), "body");
}

#[tokio::test]
async fn log_in_names_are_taken_once_and_officers_need_a_unit() {
    let bed = Bed::new().await;
    assert!(bed.store.has_no_users().await.expect("read"));
    bed.people().await;
    assert!(!bed.store.has_no_users().await.expect("read"));
    let user = |login: &str, role| store::NewUser {
        login: login.to_owned(),
        name: "Tên".to_owned(),
        role,
        unit_id: None,
        password_hash: "x".to_owned(),
    };
    assert_eq!(code(bed.store.add_user("setup", &user("an", Role::Analyst), NOW).await), "login");
    assert_eq!(code(bed.store.add_user("setup", &user("Có Dấu", Role::Analyst), NOW).await), "login");
    assert_eq!(code(bed.store.add_user("setup", &user("khoa", Role::Officer), NOW).await), "unit");
}

#[tokio::test]
async fn a_user_is_added_by_two_people_and_their_hash_is_shown_to_nobody() {
    let bed = Bed::new().await;
    let who = bed.people().await;
    let new = store::NewUser {
        login: "khoa".to_owned(),
        name: "Khoa".to_owned(),
        role: Role::Analyst,
        unit_id: None,
        password_hash: "$argon2id$khoa".to_owned(),
    };
    assert_eq!(code(bed.store.add_user(&who.admin, &new, NOW).await), "second_person");
    let body = json!({ "login": "khoa", "name": "Khoa", "role": "analyst", "password_hash": "$argon2id$khoa" });
    let id = bed.store.propose(&who.admin, ProposalKind::AddUser, &body, "người mới", NOW).await.expect("proposed");
    assert_eq!(bed.store.waiting_proposals().await.expect("waiting")[0].body.get("password_hash"), None);
    bed.store.approve(&who.lead, &id, NOW).await.expect("approved");
    let added = bed.store.user_by_login("khoa").await.expect("read").expect("the user");
    assert_eq!(added.password_hash, "$argon2id$khoa");
    assert_eq!(code(bed.store.disable_user(&who.analyst, &added.id, NOW).await), "role");
    bed.store.disable_user(&who.admin, &added.id, NOW).await.expect("disabled");
}
