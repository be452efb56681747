//! Telegram Desktop's export: one chat, or a whole account under `chats.list`. Read as a stream, one message in memory.

use std::fmt;
use std::io::BufRead;

use model::Post;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{BadRecord, ImportError, Record, Take, clean, id_text, time_ms};

/// Reads messages. `end` counts messages, because JSON is read as a stream without offsets.
pub fn read(source: &str, input: impl BufRead, take: Take<'_>) -> Result<(), ImportError> {
    let mut state = State { source, take, chat: Chat::default(), count: 0, is_ended: false };
    let mut json = serde_json::Deserializer::from_reader(input);
    match ChatOf(&mut state).deserialize(&mut json) {
        Ok(()) => Ok(()),
        Err(_) if state.is_ended => Ok(()),
        Err(error) => Err(ImportError::Unreadable(format!(
            "JSON của Telegram hỏng ở dòng {} cột {}; đã đọc {} tin trước đó",
            error.line(),
            error.column(),
            state.count
        ))),
    }
}

#[derive(Clone, Default)]
struct Chat {
    id: Option<String>,
    name: Option<String>,
}

struct State<'s, 't> {
    source: &'s str,
    take: Take<'t>,
    chat: Chat,
    count: u64,
    is_ended: bool,
}

/// An object that is a chat or holds chats.
struct ChatOf<'a, 's, 't>(&'a mut State<'s, 't>);

impl<'de> DeserializeSeed<'de> for ChatOf<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ChatOf<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chat of Telegram Desktop")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.chat = Chat::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "id" => self.0.chat.id = id_text(Some(&map.next_value::<Value>()?)),
                "name" => self.0.chat.name = map.next_value::<Value>()?.as_str().map(str::to_owned),
                "messages" => map.next_value_seed(MessagesOf(&mut *self.0))?,
                "chats" | "left_chats" => map.next_value_seed(ListOf(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// `{ "about": …, "list": [chat, …] }`
struct ListOf<'a, 's, 't>(&'a mut State<'s, 't>);

impl<'de> DeserializeSeed<'de> for ListOf<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListOf<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of chats")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "list" {
                map.next_value_seed(ListOf(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(ChatOf(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct MessagesOf<'a, 's, 't>(&'a mut State<'s, 't>);

impl<'de> DeserializeSeed<'de> for MessagesOf<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for MessagesOf<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(message) = list.next_element::<Value>()? {
            self.0.count += 1;
            let post = match post(self.0.source, &self.0.chat, &message) {
                Ok(Some(post)) => Ok(post),
                Ok(None) => continue,
                Err(reason) => Err(BadRecord { line: self.0.count, reason }),
            };
            if !(self.0.take)(Record { end: self.0.count, post }) {
                self.0.is_ended = true;
                return Err(serde::de::Error::custom("ended"));
            }
        }
        Ok(())
    }
}

/// A message as a post; service messages and messages without words are none.
fn post(source: &str, chat: &Chat, message: &Value) -> Result<Option<Post>, String> {
    if message.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "message") {
        return Ok(None);
    }
    let id = id_text(message.get("id")).ok_or("tin không có `id`")?;
    let in_chat = |id: &str| chat.id.as_ref().map_or_else(|| id.to_owned(), |chat| format!("{chat}/{id}"));
    let text = clean(&words(message.get("text").unwrap_or(&Value::Null)))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let links = message.get("text_entities").or(message.get("text")).and_then(Value::as_array).into_iter().flatten();
    let links = links.filter_map(|part| part.get("href").and_then(Value::as_str).map(str::to_owned)).collect();
    Ok(Some(Post {
        source: source.to_owned(),
        native_id: in_chat(&id),
        title: None,
        text,
        author: message.get("from").or(message.get("actor")).and_then(Value::as_str).map(str::to_owned),
        author_id: id_text(message.get("from_id")),
        posted_at_ms: message.get("date_unixtime").and_then(time_ms),
        edited_at_ms: message.get("edited_unixtime").and_then(time_ms),
        thread: chat.id.clone().or(chat.name.clone()),
        parent: id_text(message.get("reply_to_message_id")).map(|parent| in_chat(&parent)),
        links,
        ..Post::default()
    }))
}

/// The text of a message: a string, or an array of strings and styled pieces.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part.as_str().or_else(|| part.get("text").and_then(Value::as_str)).unwrap_or_default())
            .collect(),
        _ => String::new(),
    }
}
