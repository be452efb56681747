//! The command line as scripts rely on it.

use crate::harness::{Folder, objects, run, stdout};

const LURE: &str = "Bên mình cần 5 bạn sang Cam trực trang, lương 18tr, bao vé xe ăn ở, không cần bằng. Tối nay có xe đón, ib zalo 0901 000 123";

fn line(id: &str, text: &str) -> String {
    format!("{}\n", serde_json::json!({"id": id, "text": text}))
}

#[test]
fn assess_prints_one_object_a_line_with_spans_into_the_text() {
    let out = objects(&stdout(&["assess", "-"], &[line("a", LURE), line("b", "Bán xe đạp cũ, giá 800k")].concat()));
    assert_eq!(out.len(), 2);
    assert_eq!((out[0]["id"].as_str(), out[0]["alert"].as_bool()), (Some("a"), Some(true)));
    assert_eq!(out[0]["stance"], "offer");
    assert_eq!(out[0]["families"][0]["family"], "scam_compound_job");
    assert_eq!(out[1]["alert"], false);
    assert!(out[1]["priority"].is_null());
    for post in &out {
        for family in post["families"].as_array().expect("families") {
            let sum: i64 = post["findings"]
                .as_array()
                .expect("findings")
                .iter()
                .filter(|finding| finding["family"] == family["family"])
                .map(|finding| finding["points"].as_i64().expect("points"))
                .sum();
            assert_eq!(Some(sum), family["points"].as_i64(), "the findings add up");
        }
    }
    for finding in out[0]["findings"].as_array().expect("findings") {
        for span in finding["spans"].as_array().expect("spans") {
            let (start, end) = (span[0].as_u64().expect("start") as usize, span[1].as_u64().expect("end") as usize);
            assert!(LURE.get(start..end).is_some_and(|piece| !piece.is_empty()), "{span} is a piece of the text");
        }
    }
    let phone = out[0]["facts"].as_array().expect("facts").iter().find(|fact| fact["type"] == "phone").expect("phone");
    assert_eq!(phone["value"], "+84901000123");
    let (start, end) = (phone["span"][0].as_u64().unwrap() as usize, phone["span"][1].as_u64().unwrap() as usize);
    assert_eq!(&LURE[start..end], "0901 000 123");
}

#[test]
fn the_same_post_gives_the_same_bytes() {
    let input = line("a", LURE);
    assert_eq!(stdout(&["assess", "-"], &input), stdout(&["assess", "-"], &input));
}

#[test]
fn a_bad_line_is_told_with_its_place_and_the_rest_is_done() {
    let input = format!("{}not json\n{}", line("a", LURE), line("b", "chào"));
    let output = run(&["assess", "-"], &input);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(objects(&String::from_utf8_lossy(&output.stdout)).len(), 2);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("-:2:"), "{err}");
    assert!(!err.contains("not json\n"), "the line itself is not repeated");
}

#[test]
fn normalise_gives_views_and_spans() {
    let out = objects(&stdout(&["normalise", "-"], &line("x", "v.i.ệ.c n.h.ẹ nha")));
    assert_eq!(out[0]["canon"], "việc nhẹ nha");
    assert_eq!(out[0]["fold"], "viec nhe nha");
    assert_eq!(out[0]["spans"].as_array().map(Vec::len), Some(3));
}

#[test]
fn wrong_calls_exit_with_2() {
    for args in [&["nothing"][..], &["assess"], &["assess", "/nonexistent.jsonl"], &["posts", "--data", "/nonexistent"]]
    {
        let output = run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn an_import_is_recorded_once_and_found_again() {
    let folder = Folder::new("import");
    let data = folder.join("data");
    let data = data.to_str().expect("path");
    let jsonl =
        folder.write("bai.jsonl", &format!("{}{{\"id\": 2}}\n{}", line("1", LURE), line("3", "Quán mình có phở ngon")));
    let csv = folder.write("bang.csv", "id,author,body\n7,mau,\"Cho hỏi đường ra bến xe, cảm ơn\"\n");
    let output = run(&["import", jsonl.to_str().unwrap(), csv.to_str().unwrap(), "--data", data], "");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bai.jsonl:2:"));
    let posts = objects(&stdout(&["posts", "--data", data], ""));
    let mut ids: Vec<(String, String)> = posts
        .iter()
        .map(|post| (post["source"].as_str().unwrap().into(), post["native_id"].as_str().unwrap().into()))
        .collect();
    ids.sort();
    assert_eq!(
        ids,
        [("import:bai", "1"), ("import:bai", "3"), ("import:bang", "7")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    for post in &posts {
        for key in [
            "url",
            "title",
            "text",
            "author",
            "posted_at",
            "collected_at",
            "sha256",
            "gone_at",
            "versions",
            "thread",
            "parent",
        ] {
            assert!(post.get(key).is_some(), "{key} is in {post}");
        }
        assert_eq!(post["versions"].as_array().map(Vec::len), Some(1));
    }
    run(&["import", jsonl.to_str().unwrap(), "--data", data], "");
    assert_eq!(objects(&stdout(&["posts", "--data", data], "")).len(), 3, "no doubles on a second import");

    folder.write("bai.jsonl", &line("1", "Tin này đã được sửa"));
    stdout(&["import", jsonl.to_str().unwrap(), "--data", data], "");
    let posts = objects(&stdout(&["posts", "--data", data], ""));
    let edited = posts.iter().find(|post| post["native_id"] == "1").expect("post 1");
    assert_eq!(edited["text"], "Tin này đã được sửa");
    assert_eq!(edited["versions"].as_array().map(Vec::len), Some(2), "another text is another version");

    let alerts = objects(&stdout(&["alerts", "--data", data], ""));
    let raised: Vec<&str> = alerts
        .iter()
        .filter(|alert| alert["kind"] == "alert")
        .map(|alert| alert["native_id"].as_str().expect("native_id"))
        .collect();
    assert_eq!(raised, ["1"], "an edit does not take an alert back");

    for query in ["phở ngon", "pho ngon", "\"phở ngon\""] {
        let found = objects(&stdout(&["search", query, "--data", data], ""));
        assert_eq!(found.len(), 1, "{query}");
        let (span, text) = (&found[0]["spans"][0], found[0]["text"].as_str().unwrap());
        let range = span[0].as_u64().unwrap() as usize..span[1].as_u64().unwrap() as usize;
        assert!("phở ngon".contains(&text[range.clone()].to_lowercase()), "{query}: {}", &text[range]);
    }
    let bad = run(&["search", "(phở", "--data", data], "");
    assert_eq!(bad.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("cột 1"));

    assert!(stdout(&["audit", "verify", "--data", data], "").starts_with("whole: "));
}

#[test]
fn an_unknown_key_names_the_nearest() {
    let folder = Folder::new("config");
    let config = folder.write("canhgiac.toml", "lisen = \"127.0.0.1:0\"\n");
    let output = run(&["--config", config.to_str().unwrap(), "posts"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`listen`"));
}

#[test]
fn rules_are_checked_and_a_broken_rule_names_its_line() {
    assert!(stdout(&["rules", "check"], "").contains("quy tắc"));
    let folder = Folder::new("rules");
    for part in ["lexicons", "rules"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
        for entry in std::fs::read_dir(crate::harness::top().join(part)).unwrap().flatten() {
            std::fs::copy(entry.path(), folder.join(part).join(entry.file_name())).unwrap();
        }
    }
    let scores = folder.join("rules/scores.toml");
    let broken = std::fs::read_to_string(&scores).unwrap().replacen("[rule]", "[rule]\nno-such-rule = 5", 1);
    std::fs::write(&scores, broken).unwrap();
    let output = run(&["rules", "check", "--rules", folder.path().to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("rules/scores.toml:") && out.contains("no-such-rule"), "{out}");
}
