//! What stands around the content of every page: language, theme, the rail, the person.

use axum::http::{HeaderMap, Uri};
use model::{Act, Person};
use store::QueueCounts;

use crate::access::cookie;
use crate::locale::{Language, Words};
use crate::{Settings, Shared, assets, guard};

/// Name of the cookie for the language.
pub const LANGUAGE: &str = "language";
/// Name of the cookie for the theme.
pub const THEME: &str = "theme";

/// Where in the console a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    Queue,
    Support,
    Cases,
    Search,
    Tips,
    Paste,
    Packets,
    Sources,
    Rules,
    Numbers,
    People,
    Proposals,
    Retention,
    Audit,
}

/// One place of the rail: key in the locales, address, right.
const PLACES: [(Here, &str, &str, Act); 14] = [
    (Here::Queue, "nav_queue", "/queue", Act::ReadQueue),
    (Here::Support, "nav_support", "/support", Act::ReadSupport),
    (Here::Cases, "nav_cases", "/cases", Act::ReadCase),
    (Here::Tips, "nav_tips", "/tips", Act::ReadQueue),
    (Here::Paste, "nav_paste", "/paste", Act::Raise),
    (Here::Search, "nav_search", "/search", Act::Search),
    (Here::Packets, "nav_packets", "/packets", Act::ReadPackets),
    (Here::Sources, "nav_sources", "/sources", Act::ReadSources),
    (Here::Rules, "nav_rules", "/rules", Act::ReadRules),
    (Here::Numbers, "nav_numbers", "/numbers", Act::ReadFigures),
    (Here::People, "nav_people", "/people", Act::ProposePeople),
    (Here::Proposals, "nav_proposals", "/proposals", Act::Approve),
    (Here::Retention, "nav_retention", "/retention", Act::ProposeErasure),
    (Here::Audit, "nav_audit", "/audit", Act::ReadAudit),
];

/// The first seven places are daily work; a line separates them from the rest.
const DAILY: usize = 7;

/// One link of the rail.
pub struct Link<'a> {
    pub href: &'static str,
    pub name: &'static str,
    pub words: &'a str,
    pub count: Option<u64>,
    pub here: bool,
}

/// A choice in a list.
pub struct Choice {
    pub id: String,
    pub words: String,
    pub here: bool,
}

/// What stands around the content of a page; templates call it `page`.
pub struct Frame {
    words: &'static Words,
    theme: Option<&'static str>,
    settings: Settings,
    address: String,
    person: Option<(Person, Here)>,
    /// Numbers of open items, where the person may see them.
    pub counts: Option<QueueCounts>,
}

impl Frame {
    /// The frame of a visitor whom nobody knows yet.
    pub fn of_visitor(console: &Shared, headers: &HeaderMap, uri: &Uri) -> Frame {
        let language = Language::from_id(&cookie(headers, LANGUAGE).unwrap_or_default());
        let theme = match cookie(headers, THEME).as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        };
        Frame {
            words: language.words(),
            theme,
            settings: console.app.settings.clone(),
            address: guard::local(&uri.to_string()).to_owned(),
            person: None,
            counts: None,
        }
    }

    /// In the language that the address asks for, where it asks for one.
    pub fn in_language(mut self, asked: Option<&str>) -> Frame {
        if let Some(asked) = asked {
            self.words = Language::from_id(asked).words();
        }
        self
    }

    /// Names the person and the place.
    pub fn enter(&mut self, person: Person, here: Here) {
        self.person = Some((person, here));
    }

    /// The words of the page's language.
    pub fn words(&self) -> &'static Words {
        self.words
    }

    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.words.t(key)
    }

    pub fn with(&self, key: &str, value: impl std::fmt::Display) -> String {
        self.words.with(key, value)
    }

    pub fn of(&self, subject: &str, id: &str) -> String {
        self.words.of(subject, id)
    }

    pub fn language(&self) -> &'static str {
        self.words.language.id()
    }

    pub fn theme(&self) -> Option<&'static str> {
        self.theme
    }

    pub fn theme_is(&self, theme: &str) -> bool {
        self.theme.unwrap_or("auto") == theme
    }

    pub fn asset(&self, path: &str) -> String {
        assets::address(path)
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn organisation(&self) -> &str {
        &self.settings.organisation
    }

    pub fn contact(&self) -> &str {
        &self.settings.contact
    }

    pub fn key_fingerprint(&self) -> &str {
        &self.settings.key_fingerprint
    }

    pub fn person_name(&self) -> &str {
        self.person.as_ref().map_or("", |(person, _)| &person.name)
    }

    pub fn role_title(&self) -> String {
        self.person.as_ref().map_or_else(String::new, |(person, _)| self.words.of("role", person.role.id()))
    }

    /// Whether the person has the right that an id names.
    pub fn may(&self, act: &str) -> bool {
        act.parse::<Act>().is_ok_and(|act| self.person.as_ref().is_some_and(|(person, _)| person.role.may(act)))
    }

    /// Open alerts.
    pub fn waiting(&self) -> u64 {
        self.counts.as_ref().map_or(0, |counts| counts.alerts.iter().sum())
    }

    /// The rail: only what the role may use, daily work first.
    pub fn rail(&self) -> Vec<Vec<Link<'_>>> {
        let Some((person, at)) = &self.person else { return Vec::new() };
        let links = |places: &[(Here, &'static str, &'static str, Act)]| -> Vec<Link<'_>> {
            let open = places.iter().filter(|(_, _, _, act)| person.role.may(*act));
            open.map(|(here, key, href, _)| Link {
                href,
                name: key.trim_start_matches("nav_"),
                words: self.words.t(key),
                count: self.count(*here),
                here: here == at,
            })
            .collect()
        };
        let (daily, rest) = PLACES.split_at(DAILY);
        [links(daily), links(rest)].into_iter().filter(|group| !group.is_empty()).collect()
    }

    fn count(&self, here: Here) -> Option<u64> {
        let counts = self.counts.as_ref()?;
        match here {
            Here::Queue => Some(counts.alerts.iter().sum()),
            Here::Support => Some(counts.referrals.iter().sum()),
            _ => None,
        }
    }
}

/// Where a person of this role begins.
pub fn start_of(person: &Person) -> &'static str {
    PLACES.iter().find(|(_, _, _, act)| person.role.may(*act)).map_or("/login", |(_, _, href, _)| href)
}
