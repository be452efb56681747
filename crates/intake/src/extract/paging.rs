//! Where the next page is: a link, a counted parameter or a cursor.

use url::Url;

use super::document::Document;
use super::{Page, Role};
use crate::canonical;
use crate::source::{Paging, Source};

/// The canonical address of the next page, or nothing at the end.
pub fn next(source: &Source, page: &Page<'_>, document: &Document<'_>, is_list: bool, rows: usize) -> Option<String> {
    let whole = document.whole();
    let reading = document.reading(&whole, &[]);
    let link = match page.role {
        Role::Sitemap => None,
        Role::Detail => source.item.next.as_ref(),
        Role::Start if is_list => source.walk.next.as_ref(),
        Role::Start => source.walk.next.as_ref().or(source.item.next.as_ref()),
    };
    if let Some(link) = link {
        let next = reading.text(link, &|_| None)?;
        let next = canonical::canonical_text(&next, Some(&document.base))?;
        return (next != canonical::canonical(page.url).as_str()).then_some(next);
    }
    if page.role != Role::Start {
        return None;
    }
    match source.walk.paging.as_ref()? {
        Paging::Counted { param, step, max, total } => {
            if rows == 0 {
                return None;
            }
            let base = counted(page.root, param);
            let value = counted(page.url, param).checked_add(*step)?;
            let total = total.as_ref().and_then(|path| document.number(path));
            let past_max = max.is_some_and(|max| value > max);
            let past_total = total.is_some_and(|total| value >= total.saturating_add(base));
            (!past_max && !past_total).then(|| with(page.url, param, &value.to_string()))
        }
        Paging::Cursor { param, from } => {
            let value = reading.text(from, &|_| None)?;
            (canonical::param(page.url, param).as_deref() != Some(&value)).then(|| with(page.url, param, &value))
        }
    }
}

fn counted(url: &Url, param: &str) -> u64 {
    canonical::param(url, param).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn with(url: &Url, param: &str, value: &str) -> String {
    canonical::canonical(&canonical::with_param(url, param, value)).into()
}
