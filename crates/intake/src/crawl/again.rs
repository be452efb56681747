//! Reading a kept page once more, without a request: after a crash, or by a mapping that was corrected.

use url::Url;

use super::memo::{Memo, role_of};
use crate::extract::{Page, PageResult, extract};
use crate::fetch::{charset, content};
use crate::source::Source;

/// A page as it was kept, with what the frontier knows of its address.
#[derive(Clone, Copy, Debug)]
pub struct KeptPage<'k> {
    /// The address that was due.
    pub asked: &'k str,
    /// The address that answered.
    pub answered: &'k str,
    /// `start`, `detail` or `sitemap`, as the frontier has it.
    pub kind: &'k str,
    /// What the last visit left in the frontier.
    pub memo: Option<&'k str>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The fields of the answer's head.
    pub fields: &'k [(String, String)],
    /// The body as it came.
    pub body: &'k [u8],
    /// When it was fetched, UTC milliseconds.
    pub fetched_at_ms: i64,
}

impl KeptPage<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The media type, without parameters, in lower case.
    pub fn media_type(&self) -> String {
        let declared = self.field("content-type").unwrap_or_default();
        declared.split(';').next().unwrap_or_default().trim().to_lowercase()
    }

    /// The text of the page.
    ///
    /// # Errors
    /// When its encoding cannot be undone within the caps.
    pub fn text(&self) -> Result<String, content::ContentError> {
        let caps = content::Caps::default();
        let body = content::decode(self.body, self.field("content-encoding"), &caps)?;
        let body = content::ungzip(&body, &caps)?;
        let http = self.field("content-type").and_then(|value| {
            let (_, charset) = value.split_once("charset=")?;
            charset.split([';', ',']).next()
        });
        Ok(charset::decode(&body, http, &self.media_type()).text)
    }

    /// Hands the page, as it was read, to `then`.
    ///
    /// # Errors
    /// As [`KeptPage::text`].
    pub fn with_page<T>(&self, then: impl FnOnce(&Page<'_>) -> T) -> Result<Option<T>, content::ContentError> {
        let (Ok(asked), Ok(answered)) = (Url::parse(self.asked), Url::parse(self.answered)) else { return Ok(None) };
        let memo = Memo::read(self.memo);
        let root = if memo.page == 0 { answered.clone() } else { Url::parse(&memo.root).unwrap_or(asked) };
        let text = self.text()?;
        let page = Page {
            url: &answered,
            text: &text,
            media_type: &self.media_type(),
            role: role_of(self.kind),
            root: &root,
            fetched_at_ms: self.fetched_at_ms,
            first_seen_ms: if memo.first_seen_ms == 0 { self.fetched_at_ms } else { memo.first_seen_ms },
            lastmod_ms: memo.lastmod_ms,
            thread: memo.thread.as_deref(),
            noindex: self.field("x-robots-tag").is_some_and(|value| value.to_lowercase().contains("noindex")),
        };
        Ok(Some(then(&page)))
    }
}

/// Reads a kept page by the rules of its source. An answer that was no page (an error, a deletion) gives nothing.
///
/// # Errors
/// When its encoding cannot be undone within the caps.
pub fn read_again(source: &Source, kept: &KeptPage<'_>) -> Result<PageResult, content::ContentError> {
    if !(200..300).contains(&kept.status) || kept.kind == "sitemap" {
        return Ok(PageResult::default());
    }
    Ok(kept.with_page(|page| extract(source, page))?.unwrap_or_default())
}
