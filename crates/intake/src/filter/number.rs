//! Numbers, prices in đồng and shortened counts as people write them.

/// The first number of a text, as plain digits: `1.234 lượt` is 1234, `3,5 km` is 3.5.
///
/// A separator before exactly three digits groups thousands; any other is a decimal mark.
pub fn number(text: &str) -> Option<String> {
    let digits = first_number(text)?.0;
    Some(plain(digits))
}

/// A shortened count: `1.4K` is 1400, `2,1 N` (nghìn) 2100, `3 Tr` 3000000.
pub fn short_number(text: &str) -> Option<String> {
    let (digits, rest) = first_number(text)?;
    let unit: String = rest.trim_start().chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    let factor = match unit.as_str() {
        "k" | "n" | "ng" | "nghìn" | "ngàn" => 1e3,
        "m" | "tr" | "triệu" => 1e6,
        "b" | "t" | "tỷ" | "tỉ" => 1e9,
        _ => return Some(plain(digits)),
    };
    let value: f64 = digits.replace(',', ".").parse().ok()?;
    Some(format!("{:.0}", value * factor))
}

/// A price in đồng: `13tr5`, `1 tỷ 2`, `500k`, `8 - 12 triệu` (as `8000000-12000000`), `10.000.000 đ`.
pub fn vnd(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace('\u{a0}', " ");
    let (low, rest) = amount(&text)?;
    let range = rest.trim_start().strip_prefix(['-', '–', '~']).or_else(|| rest.trim_start().strip_prefix("đến"));
    let Some((high, _)) = range.and_then(amount) else { return Some(low.dong().to_string()) };
    let low = Amount { unit: low.unit.or(high.unit), ..low };
    Some(format!("{}-{}", low.dong(), high.dong()))
}

struct Amount {
    value: f64,
    unit: Option<f64>,
    rest: f64,
}

impl Amount {
    fn dong(&self) -> i64 {
        (self.value * self.unit.unwrap_or(1.0) + self.rest).round() as i64
    }
}

fn amount(text: &str) -> Option<(Amount, &str)> {
    let (digits, after) = first_number(text)?;
    let (unit, rest) = unit(after);
    let value: f64 = plain(digits).parse().ok()?;
    let Some(unit) = unit else { return Some((Amount { value, unit: None, rest: 0.0 }, rest)) };
    // What follows the unit at once is its next part: `13tr5`, `1 tỷ 2`, `1 tỷ 200 triệu`.
    let tail = rest.strip_prefix(' ').unwrap_or(rest);
    let length = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let next = tail.get(..length).filter(|digits| !digits.is_empty() && digits.len() <= 3);
    if let Some(next) = next {
        let after = &tail[length..];
        let (small, after_small) = self::unit(after);
        let part: f64 = next.parse().ok()?;
        let rest_value = match small {
            Some(small) if small < unit => Some((part * small, after_small)),
            Some(_) => None,
            None => Some((part * unit / 10_f64.powi(next.len() as i32), after)),
        };
        if let Some((rest_value, rest)) = rest_value {
            return Some((Amount { value, unit: Some(unit), rest: rest_value }, rest));
        }
    }
    Some((Amount { value, unit: Some(unit), rest: 0.0 }, rest))
}

fn unit(text: &str) -> (Option<f64>, &str) {
    const UNITS: &[(&str, f64)] = &[
        ("triệu", 1e6),
        ("trieu", 1e6),
        ("củ", 1e6),
        ("tr", 1e6),
        ("tỷ", 1e9),
        ("tỉ", 1e9),
        ("ty", 1e9),
        ("nghìn", 1e3),
        ("ngàn", 1e3),
        ("ngan", 1e3),
        ("nghin", 1e3),
        ("k", 1e3),
    ];
    let trimmed = text.trim_start();
    for (name, factor) in UNITS {
        if let Some(rest) = trimmed.strip_prefix(name)
            && !rest.starts_with(char::is_alphabetic)
        {
            return (Some(*factor), rest);
        }
    }
    (None, text)
}

fn first_number(text: &str) -> Option<(&str, &str)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let body = &text[start..];
    let end = body.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(body.len());
    let digits = body[..end].trim_end_matches(['.', ',']);
    Some((digits, &body[digits.len()..]))
}

fn plain(digits: &str) -> String {
    let groups: Vec<&str> = digits.split(['.', ',']).collect();
    match groups.as_slice() {
        [whole] => (*whole).to_owned(),
        [first, others @ ..] if first.len() <= 3 && others.iter().all(|group| group.len() == 3) => groups.concat(),
        [whole @ .., decimals] => format!("{}.{}", whole.concat(), decimals),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_as_they_are_written() {
        for (text, expected) in [
            ("13tr5", "13500000"),
            ("1 tỷ 2", "1200000000"),
            ("500k", "500000"),
            ("10.000.000 đ", "10000000"),
            ("8 - 12 triệu", "8000000-12000000"),
            ("Lương: 1,5 triệu/tháng", "1500000"),
            ("1 tỷ 200 triệu", "1200000000"),
            ("2 triệu 5", "2500000"),
            ("15.000.000đ - 20.000.000đ", "15000000"),
            ("7 triệu 150 nghìn", "7150000"),
        ] {
            assert_eq!(vnd(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(vnd("Thoả thuận"), None);
    }

    #[test]
    fn counts() {
        assert_eq!(number("1.234 lượt xem").as_deref(), Some("1234"));
        assert_eq!(number("3,5").as_deref(), Some("3.5"));
        assert_eq!(short_number("1.4K").as_deref(), Some("1400"));
        assert_eq!(short_number("2,1 Tr").as_deref(), Some("2100000"));
        assert_eq!(short_number("987").as_deref(), Some("987"));
        assert_eq!(short_number("nhiều"), None);
    }
}
