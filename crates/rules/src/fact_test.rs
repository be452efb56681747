//! Conditions on facts: an age below eighteen, pay above a threshold, a place abroad.

use text::{Fact, FactKind};

/// Every kind of fact with its name in data files, which is also its name in JSON.
pub(crate) const KINDS: &[(&str, FactKind)] = &[
    ("phone", FactKind::Phone),
    ("phone_masked", FactKind::PhoneMasked),
    ("zalo", FactKind::Zalo),
    ("telegram", FactKind::Telegram),
    ("whatsapp", FactKind::Whatsapp),
    ("facebook", FactKind::Facebook),
    ("tiktok", FactKind::Tiktok),
    ("handle", FactKind::Handle),
    ("url", FactKind::Url),
    ("email", FactKind::Email),
    ("bank_account", FactKind::BankAccount),
    ("wallet", FactKind::Wallet),
    ("money", FactKind::Money),
    ("age", FactKind::Age),
    ("place", FactKind::Place),
    ("date", FactKind::Date),
    ("time", FactKind::Time),
    ("id_number", FactKind::IdNumber),
    ("tax_code", FactKind::TaxCode),
];

/// Đồng for one unit. Rough on purpose: conditions are about magnitudes, and rates must not change what an old
/// ruleset says.
const RATES_VND: &[(&str, f64)] = &[
    ("VND", 1.0),
    ("USD", 25_000.0),
    ("CNY", 3_500.0),
    ("KRW", 18.0),
    ("JPY", 165.0),
    ("THB", 720.0),
    ("TWD", 800.0),
    ("EUR", 28_000.0),
    ("KHR", 6.2),
    ("LAK", 1.2),
    ("MMK", 12.0),
    ("AED", 6_800.0),
    ("RUB", 280.0),
    ("AUD", 16_500.0),
    ("GBP", 32_000.0),
    ("PHP", 430.0),
    ("USDT", 25_000.0),
];

/// What a fact must be. Every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct FactTest {
    pub kinds: Vec<FactKind>,
    /// The least stated number is below this (years, or đồng).
    pub below: Option<f64>,
    /// The greatest stated number is at least this.
    pub at_least: Option<f64>,
    /// Money that comes to more than this a month; money per head, trip or person never does.
    pub above_per_month_vnd: Option<f64>,
    /// Money with one of these periods (`month`, `head`, …); `none` for money without one.
    pub per: Vec<String>,
    /// Money in another currency, a place in another country, a phone of another country.
    pub foreign: Option<bool>,
    /// The value starts with one of these.
    pub values: Vec<String>,
    /// `detail.minor` is true, or `possible` where that is enough.
    pub minor: Option<Minor>,
    /// A date at most so many days after the post (`detail.in_days`), today included.
    pub within_days: Option<i64>,
}

/// How sure a minor must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Minor {
    Certain,
    Possible,
}

impl FactTest {
    pub fn holds(&self, fact: &Fact) -> bool {
        if !self.values.is_empty() && !self.values.iter().any(|prefix| fact.value.starts_with(prefix.as_str())) {
            return false;
        }
        if let Some(minor) = self.minor {
            let holds = match fact.detail.get("minor") {
                Some(serde_json::Value::Bool(stated)) => *stated,
                Some(serde_json::Value::String(stated)) => stated == "possible" && minor == Minor::Possible,
                _ => false,
            };
            if !holds {
                return false;
            }
        }
        if let Some(days) = self.within_days {
            let ahead = fact.detail.get("in_days").and_then(serde_json::Value::as_i64);
            if !ahead.is_some_and(|ahead| (0..=days).contains(&ahead)) {
                return false;
            }
        }
        if let Some(foreign) = self.foreign
            && is_foreign(fact) != foreign
        {
            return false;
        }
        let numbers = self.below.is_some() || self.at_least.is_some();
        match fact.kind {
            FactKind::Money if numbers || self.above_per_month_vnd.is_some() || !self.per.is_empty() => {
                Money::parse(&fact.value).is_some_and(|money| self.money_holds(&money))
            }
            FactKind::Age if numbers => years(&fact.value).is_some_and(|(low, high)| {
                self.below.is_none_or(|below| low.is_some_and(|low| low < below))
                    && self.at_least.is_none_or(|least| high.is_some_and(|high| high >= least))
            }),
            _ => true,
        }
    }

    fn money_holds(&self, money: &Money<'_>) -> bool {
        let per = money.per.unwrap_or("none");
        self.below.is_none_or(|below| money.low_vnd < below)
            && self.at_least.is_none_or(|least| money.high_vnd >= least)
            && (self.per.is_empty() || self.per.iter().any(|wanted| wanted == per))
            && self.above_per_month_vnd.is_none_or(|above| money.per_month().is_some_and(|month| month > above))
    }
}

fn is_foreign(fact: &Fact) -> bool {
    match fact.kind {
        FactKind::Place => !(fact.value.starts_with("vn") || fact.value.starts_with("VN")),
        FactKind::Phone | FactKind::Zalo | FactKind::Whatsapp => {
            fact.value.starts_with('+') && !fact.value.starts_with("+84")
        }
        FactKind::Money => !fact.value.contains("VND"),
        _ => false,
    }
}

/// `8000000-10000000 VND/month`, taken apart.
struct Money<'a> {
    low_vnd: f64,
    high_vnd: f64,
    per: Option<&'a str>,
}

impl Money<'_> {
    fn parse(value: &str) -> Option<Money<'_>> {
        let (amount, currency) = value.split_once(' ')?;
        let (currency, per) = match currency.split_once('/') {
            Some((currency, per)) => (currency, Some(per)),
            None => (currency, None),
        };
        let rate = RATES_VND.iter().find(|(name, _)| *name == currency)?.1;
        let (low, high) = amount.split_once('-').unwrap_or((amount, amount));
        let (low, high): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
        Some(Money { low_vnd: low * rate, high_vnd: high * rate, per })
    }

    /// The greater amount as a month's pay of full-time work.
    fn per_month(&self) -> Option<f64> {
        let times = match self.per {
            None | Some("month") => 1.0,
            Some("hour") => 208.0,
            Some("day") => 26.0,
            Some("week") => 4.3,
            Some(_) => return None,
        };
        Some(self.high_vnd * times)
    }
}

/// Least and greatest years of an age value; a bound that was not stated is absent, a birth year says neither.
fn years(value: &str) -> Option<(Option<f64>, Option<f64>)> {
    if value.starts_with("yob:") {
        return None;
    }
    if let Some(days) = value.strip_suffix('d') {
        return days.parse::<f64>().ok().map(|_| (Some(0.0), Some(0.0)));
    }
    if let Some(months) = value.strip_suffix('m') {
        return months.parse::<f64>().ok().map(|months| (Some(months / 12.0), Some(months / 12.0)));
    }
    if let Some(least) = value.strip_suffix('+') {
        return least.parse().ok().map(|least| (Some(least), None));
    }
    match value.split_once('-') {
        Some((most, "")) => most.parse().ok().map(|most| (None, Some(most))),
        Some((low, high)) => Some((Some(low.parse().ok()?), Some(high.parse().ok()?))),
        None => value.parse().ok().map(|age| (Some(age), Some(age))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use text::{Field, Span};

    fn fact(kind: FactKind, value: &str) -> Fact {
        Fact {
            kind,
            value: value.to_owned(),
            text: String::new(),
            field: Field::Text,
            span: Span { start: 0, end: 0 },
            detail: serde_json::Map::new(),
        }
    }

    #[test]
    fn pay_is_compared_by_the_month() {
        let test = FactTest { above_per_month_vnd: Some(25e6), ..FactTest::default() };
        for (value, holds) in [
            ("30000000 VND/month", true),
            ("30000000 VND", true),
            ("20000000-28000000 VND/month", true),
            ("1500000 VND/day", true),
            ("7000 USD/week", true),
            ("20000000 VND/month", false),
            ("30000000 VND/head", false),
            ("30000000 XYZ", false),
            ("", false),
        ] {
            assert_eq!(test.holds(&fact(FactKind::Money, value)), holds, "{value}");
        }
    }

    #[test]
    fn ages_below_eighteen() {
        let test = FactTest { below: Some(18.0), ..FactTest::default() };
        for (value, holds) in [
            ("16", true),
            ("16-22", true),
            ("5d", true),
            ("16+", true),
            ("35-", false),
            ("18-35", false),
            ("yob:2008", false),
        ] {
            assert_eq!(test.holds(&fact(FactKind::Age, value)), holds, "{value}");
        }
    }

    #[test]
    fn another_country() {
        let test = FactTest { foreign: Some(true), ..FactTest::default() };
        assert!(test.holds(&fact(FactKind::Place, "KH/bavet")));
        assert!(!test.holds(&fact(FactKind::Place, "vn63:24>vn34:24")));
        assert!(!test.holds(&fact(FactKind::Place, "VN/border:moc-bai")));
        assert!(test.holds(&fact(FactKind::Phone, "+855123456")));
    }
}
