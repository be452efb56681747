//! NDJSON of Zeeschuimer (an envelope with `data`) and of 4CAT (the same item flattened, with `__import_meta`).

use std::io::BufRead;

use model::Post;
use serde_json::Value;

use super::jsonl::each_line;
use super::{ImportError, Take, clean, id_text, time_ms};

/// Reads captured items. A module that is not known is told by its name with what was seen.
pub fn read(input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    each_line(input, take, &mut |line, value| {
        let envelope = value.get("__import_meta").unwrap_or(value);
        let module = envelope.get("source_platform").and_then(Value::as_str).ok_or("thiếu `source_platform`")?;
        let item = value.get("data").filter(|data| data.is_object()).unwrap_or(value);
        let mut post = match module {
            "tiktok.com" => tiktok(item),
            "tiktok-comments" => tiktok_comment(item),
            "threads.net" => threads(item),
            "instagram.com" => instagram(item),
            "twitter.com" | "x.com" => x(item),
            other => {
                let seen: Vec<&str> =
                    item.as_object().into_iter().flat_map(|item| item.keys()).take(8).map(String::as_str).collect();
                Err(format!("chưa đọc được mô-đun `{other}` (thấy các trường: {})", seen.join(", ")))
            }
        }?;
        post.source = module.to_owned();
        post.bytes = Some((line.start, line.end));
        post.text = clean(&post.text)?;
        if post.native_id.is_empty() {
            post.native_id = id_text(envelope.get("item_id")).ok_or("thiếu id của bài")?;
        }
        Ok(Some(post))
    })
}

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) if value.is_array() => value.get(index),
        _ => value.get(key),
    })
}

fn text(value: &Value, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn first(value: &Value, paths: &[&[&str]]) -> Option<String> {
    paths.iter().find_map(|path| text(value, path))
}

fn time(value: &Value, paths: &[&[&str]]) -> Option<i64> {
    paths.iter().find_map(|path| at(value, path).and_then(time_ms))
}

fn links(value: &Value, list: &[&str], keys: &[&str]) -> Vec<String> {
    at(value, list).and_then(Value::as_array).into_iter().flatten().filter_map(|item| text(item, keys)).collect()
}

fn tiktok(item: &Value) -> Result<Post, String> {
    let id = text(item, &["id"]).ok_or("thiếu `id` của video")?;
    let author = first(item, &[&["author", "uniqueId"], &["author"]]);
    // Words laid over the picture are often where the offer stands.
    let stickers = at(item, &["stickersOnItem"]).and_then(Value::as_array).into_iter().flatten();
    let overlaid: Vec<String> = stickers
        .filter_map(|sticker| sticker.get("stickerText").and_then(Value::as_array))
        .flatten()
        .filter_map(|words| words.as_str().map(str::to_owned))
        .collect();
    let caption = text(item, &["desc"]).unwrap_or_default();
    let body: Vec<String> = [caption].into_iter().chain(overlaid).filter(|part| !part.is_empty()).collect();
    Ok(Post {
        url: author.as_ref().map(|author| format!("https://www.tiktok.com/@{author}/video/{id}")),
        native_id: id,
        text: body.join("\n"),
        author,
        author_id: first(item, &[&["author", "id"], &["authorId"]]),
        posted_at_ms: time(item, &[&["createTime"]]),
        ..Post::default()
    })
}

fn tiktok_comment(item: &Value) -> Result<Post, String> {
    Ok(Post {
        native_id: text(item, &["cid"]).ok_or("thiếu `cid` của bình luận")?,
        text: text(item, &["text"]).unwrap_or_default(),
        url: text(item, &["share_info", "url"]),
        author: text(item, &["user", "unique_id"]),
        author_id: text(item, &["user", "uid"]),
        posted_at_ms: time(item, &[&["create_time"]]),
        thread: text(item, &["aweme_id"]),
        parent: text(item, &["reply_id"]).filter(|parent| parent != "0"),
        ..Post::default()
    })
}

fn threads(item: &Value) -> Result<Post, String> {
    let author = text(item, &["user", "username"]);
    let code = text(item, &["code"]);
    Ok(Post {
        native_id: first(item, &[&["pk"], &["id"], &["code"]]).ok_or("thiếu mã của bài")?,
        url: author.as_ref().zip(code).map(|(author, code)| format!("https://www.threads.net/@{author}/post/{code}")),
        text: first(item, &[&["caption", "text"], &["text"]]).unwrap_or_default(),
        author,
        author_id: first(item, &[&["user", "pk"], &["user", "id"]]),
        posted_at_ms: time(item, &[&["taken_at"]]),
        parent: text(item, &["text_post_app_info", "reply_to_post_id"]),
        ..Post::default()
    })
}

fn instagram(item: &Value) -> Result<Post, String> {
    let code = first(item, &[&["code"], &["shortcode"]]);
    Ok(Post {
        native_id: first(item, &[&["pk"], &["id"], &["code"], &["shortcode"]]).ok_or("thiếu mã của bài")?,
        url: code.map(|code| format!("https://www.instagram.com/p/{code}/")),
        text: first(item, &[&["caption", "text"], &["edge_media_to_caption", "edges", "0", "node", "text"]])
            .unwrap_or_default(),
        author: first(item, &[&["user", "username"], &["owner", "username"]]),
        author_id: first(item, &[&["user", "pk"], &["owner", "id"]]),
        posted_at_ms: time(item, &[&["taken_at"], &["taken_at_timestamp"]]),
        ..Post::default()
    })
}

fn x(item: &Value) -> Result<Post, String> {
    let id = first(item, &[&["rest_id"], &["legacy", "id_str"], &["id_str"], &["id"]]).ok_or("thiếu mã của bài")?;
    let user = &["core", "user_results", "result"];
    let author = [["legacy", "screen_name"], ["core", "screen_name"]]
        .iter()
        .find_map(|tail| text(item, &[user.as_slice(), tail].concat()));
    let created = first(item, &[&["legacy", "created_at"], &["created_at"]]);
    Ok(Post {
        url: author.as_ref().map(|author| format!("https://x.com/{author}/status/{id}")),
        native_id: id,
        text: first(
            item,
            &[
                &["note_tweet", "note_tweet_results", "result", "text"],
                &["legacy", "full_text"],
                &["full_text"],
                &["text"],
            ],
        )
        .unwrap_or_default(),
        author,
        author_id: text(item, &["legacy", "user_id_str"]),
        posted_at_ms: created
            .and_then(|at| crate::filter::time::formatted(&at, "%a %b %d %H:%M:%S %z %Y", None))
            .map(|at| at.at_ms),
        thread: text(item, &["legacy", "conversation_id_str"]),
        parent: text(item, &["legacy", "in_reply_to_status_id_str"]),
        links: links(item, &["legacy", "entities", "urls"], &["expanded_url"]),
        ..Post::default()
    })
}
