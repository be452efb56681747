//! Where a source starts, what belongs to it, how it goes on and how slowly.

use url::Url;

use super::Compiler;
use crate::canonical;
use crate::problem::nearest;
use crate::source::duration::{duration_ms, duration_range_ms};
use crate::source::field::{self, Language};
use crate::source::file::{OneOrMany, SourceFile};
use crate::source::scope::Scope;
use crate::source::{Kind, Pace, Paging, Start, Stop, Walk};

impl Compiler<'_> {
    pub(super) fn starts(&mut self, shape: &SourceFile) -> Vec<Start> {
        let schemes = if shape.kind == Kind::Jetstream { ["ws", "wss"] } else { ["http", "https"] };
        let mut starts = Vec::new();
        if shape.walk.start.all().is_empty() {
            self.tell("walk.start", "missing-key", "[walk] cần ít nhất một địa chỉ `start`.");
        }
        for written in shape.walk.start.all() {
            let (written, is_sitemap) = match written.strip_prefix("sitemap:") {
                Some(rest) => (rest, true),
                None => (written.as_str(), shape.kind == Kind::Sitemap),
            };
            let Some(address) = self.insert("walk.start", written) else { continue };
            match Url::parse(&address) {
                Ok(url) if schemes.contains(&url.scheme()) => {
                    starts.push(Start { url: canonical::canonical(&url), is_sitemap })
                }
                _ => self.tell(
                    "walk.start",
                    "bad-address",
                    format!("`{address}` không phải địa chỉ {}.", schemes.join(" hay ")),
                ),
            }
        }
        starts.sort_by_key(|start| !start.is_sitemap);
        starts
    }

    pub(super) fn scope(&mut self, shape: &SourceFile, starts: &[Start]) -> Option<Scope> {
        let rules: Vec<String> =
            shape.scope.rules.iter().map(|rule| self.insert("scope.rules", rule)).collect::<Option<_>>()?;
        let urls: Vec<Url> = starts.iter().map(|start| start.url.clone()).collect();
        let scope = Scope::parse(&rules, &urls)
            .map_err(|rule| {
                self.tell("scope.rules", "bad-rule", format!("`{rule}` phải có dạng `+ mẫu` hoặc `- mẫu`."))
            })
            .ok()?;
        for start in starts {
            let verdict = scope.verdict(&start.url);
            if !verdict.allowed {
                self.tell(
                    "scope.rules",
                    "start-out-of-scope",
                    format!("`start` {} nằm ngoài phạm vi vì `{}`.", start.url, verdict.rule),
                );
            }
        }
        Some(scope)
    }

    pub(super) fn walk(&mut self, shape: &SourceFile, language: Language) -> Option<Walk> {
        let walk = &shape.walk;
        let next = self.optional("walk.next", walk.next.as_ref(), language, &[])?;
        if walk.next.is_some() && walk.page.is_some() {
            self.tell("walk.page", "two-ways", "`next` và `page` không đi cùng nhau.");
        }
        let paging = match &walk.page {
            None => None,
            Some(page) => Some(match &page.from {
                Some(from) => Paging::Cursor {
                    param: page.param.clone(),
                    from: self.field("walk.page", &OneOrMany::One(from.clone()), language, &[])?,
                },
                None => {
                    let total = match &page.total {
                        Some(total) => match field::json(total) {
                            Ok(total) => Some(total),
                            Err(error) => {
                                self.tell("walk.page", error.code, error.message);
                                return None;
                            }
                        },
                        None => None,
                    };
                    if page.step == Some(0) {
                        self.tell("walk.page", "bad-step", "`step` phải lớn hơn 0.");
                    }
                    Paging::Counted { param: page.param.clone(), step: page.step.unwrap_or(1), max: page.max, total }
                }
            }),
        };
        let stop = match walk.stop.as_deref() {
            None => Some(Stop::Known),
            Some(stop) => stop_of(stop),
        };
        let Some(stop) = stop else {
            let written = walk.stop.clone().unwrap_or_default();
            let suggestion = nearest(&written, ["known", "unchanged", "never", "pages(3)", "age(30d)"]);
            self.tell_near(
                "walk.stop",
                "bad-stop",
                format!("`stop = \"{written}\"` không phải known, unchanged, never, pages(n) hay age(30d)."),
                suggestion,
            );
            return None;
        };
        Some(Walk {
            next,
            paging,
            stop,
            redirect: walk.redirect.unwrap_or_default(),
            recheck_ms: self.duration("walk.recheck", walk.recheck.as_deref()),
            gone_after_ms: self.duration("walk.gone_after", walk.gone_after.as_deref()).unwrap_or(86_400_000),
        })
    }

    pub(super) fn duration(&mut self, path: &str, written: Option<&str>) -> Option<i64> {
        let written = written?;
        let found = duration_ms(written);
        if found.is_none() {
            self.tell(path, "bad-duration", format!("`{written}` không phải khoảng thời gian như 90s, 10m, 24h, 30d."));
        }
        found
    }

    pub(super) fn pace(&mut self, shape: &SourceFile) -> Pace {
        let every_ms = shape.pace.every.as_deref().and_then(|written| {
            let found = duration_range_ms(written);
            if found.is_none() {
                self.tell("pace.every", "bad-duration", format!("`{written}` phải có dạng `10m..24h` hoặc `1h`."));
            }
            found
        });
        let quiet = shape.pace.quiet.as_deref().and_then(|written| {
            let found = quiet_hours(written);
            if found.is_none() {
                self.tell("pace.quiet", "bad-hours", format!("`{written}` phải có dạng `23:00..05:00`."));
            }
            found
        });
        Pace {
            gap_ms: self.duration("pace.gap", shape.pace.gap.as_deref()),
            every_ms,
            quiet,
            per_day: shape.pace.per_day,
        }
    }
}

fn stop_of(written: &str) -> Option<Stop> {
    let written = written.trim();
    let inside = |name: &str| written.strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')');
    match written {
        "known" => Some(Stop::Known),
        "unchanged" => Some(Stop::Unchanged),
        "never" => Some(Stop::Never),
        _ => match (inside("pages"), inside("age")) {
            (Some(pages), _) => pages.trim().parse().ok().filter(|pages| *pages > 0).map(Stop::Pages),
            (_, Some(age)) => duration_ms(age).map(Stop::Age),
            _ => None,
        },
    }
}

fn quiet_hours(written: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    let (from, to) = written.split_once("..")?;
    Some((minute(from)?, minute(to)?))
}
