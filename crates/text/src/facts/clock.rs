//! Times of day: `8h`, `19h30`, `22h - 6h`, `8 giờ tối`, `7:30`. Durations and wages by the hour are none.

use serde_json::Map;

use super::lex::key;
use super::{FactKind, Page};

const H: u64 = key("h");
const G: u64 = key("g");
const GIO: u64 = key("gio");
const TOI: u64 = key("toi");
const CHIEU: u64 = key("chieu");
const DEM: u64 = key("dem");
const TRUA: u64 = key("trua");
const DEN: u64 = key("den");
const RUOI: u64 = key("ruoi");

/// Tries a time at a digit run.
pub(super) fn at(page: &mut Page, at: usize) -> bool {
    if page.glued(at) && at > 0 && page.word(at - 1) != 0 || page.continues_number(at, &['/', ':', '.', ',', '-']) {
        return false;
    }
    let Some((mut first, mut end)) = time(page, at) else { return false };
    let joined = matches!(page.mark(end), Some('-' | '–' | '—' | '~')) || matches!(page.word(end), DEN | TOI);
    let mut value = None;
    if joined && let Some((second, after)) = time(page, end + 1) {
        value = Some(format!("{}/{}", show(first), show(second)));
        end = after;
    }
    if value.is_none() {
        (first, end) = half_of_day(page, first, end);
    }
    // `8h/ngày` is a duration.
    if page.mark(end) == Some('/') {
        return false;
    }
    page.add(FactKind::Time, value.unwrap_or_else(|| show(first)), at, end, Map::new());
    true
}

/// Minutes since midnight and the end of a time at `at`.
fn time(page: &Page, at: usize) -> Option<(u32, usize)> {
    let hour = page.digits(at).filter(|digits| digits.len() <= 2).and_then(|_| page.small(at))?;
    if hour > 24 {
        return None;
    }
    let minute = |at: usize| page.digits(at).filter(|digits| digits.len() == 2).and_then(|_| page.small(at));
    let minute = |at: usize| minute(at).filter(|&minute| minute < 60 && page.glued(at));
    if page.mark(at + 1) == Some(':') && page.glued(at + 1) {
        let minutes = minute(at + 2)?;
        let alone = page.mark(at + 3) != Some(':');
        return alone.then_some((hour * 60 + minutes, at + 3));
    }
    match page.word(at + 1) {
        H | G if page.glued(at + 1) && page.str(at + 1).len() == 1 => match minute(at + 2) {
            Some(minutes) => Some((hour * 60 + minutes, at + 3)),
            None => Some((hour * 60, at + 2)),
        },
        GIO if matches!(page.str(at + 1), "giờ" | "gio") => {
            if page.word(at + 2) == RUOI {
                return Some((hour * 60 + 30, at + 3));
            }
            let minutes = page.small(at + 2).filter(|&minute| minute < 60 && page.digits(at + 2).is_some());
            let said = minutes.filter(|_| page.word(at + 3) == key("phut") || page.word(at + 3) == 0);
            match said {
                Some(minutes) => Some((hour * 60 + minutes, at + 3 + usize::from(page.word(at + 3) == key("phut")))),
                None => {
                    // `8 giờ làm`, `10 giờ/ngày` are durations; a part of the day or a cue makes a time.
                    let part = matches!(page.word(at + 2), SANG | TOI | CHIEU | DEM | TRUA | KHUYA);
                    let cue = matches!(page.word_before(at, 1), LUC | TU | DEN | TRUOC | SAU | HANH);
                    (part || cue).then_some((hour * 60, at + 2))
                }
            }
        }
        _ => None,
    }
}

const SANG: u64 = key("sang");
const KHUYA: u64 = key("khuya");
const LUC: u64 = key("luc");
const TU: u64 = key("tu");
const TRUOC: u64 = key("truoc");
const SAU: u64 = key("sau");
const HANH: u64 = key("hanh");

/// `8h tối` is 20:00.
fn half_of_day(page: &Page, time: u32, end: usize) -> (u32, usize) {
    let text = page.str(end);
    match page.word(end) {
        TOI | CHIEU if matches!(text, "tối" | "chiều" | "toi" | "chieu") => {
            (if time < 720 { time + 720 } else { time }, end + 1)
        }
        DEM | KHUYA => (if (360..720).contains(&time) { time + 720 } else { time % 1440 }, end + 1),
        SANG if matches!(text, "sáng" | "sang") && page.word(end + 1) == 0 || text == "sáng" => (time, end + 1),
        TRUA => (if time < 180 { time + 720 } else { time }, end + 1),
        _ => (time, end),
    }
}

fn show(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}
