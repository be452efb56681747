//! Durations as they are written in a source file: `0s`, `90s`, `10m`, `24h`, `30d`, `2w`.

/// Milliseconds of a duration, or nothing when it is not one.
pub fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let number: f64 = number.trim().parse().ok()?;
    let unit_ms = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        "w" => 604_800_000.0,
        _ => return None,
    };
    let total = number * unit_ms;
    (0.0..1e14).contains(&total).then_some(total as i64)
}

/// A span `a..b`, or `a` for both ends.
pub fn duration_range_ms(text: &str) -> Option<(i64, i64)> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let range = (duration_ms(least)?, duration_ms(most)?);
    (range.0 <= range.1).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_ranges() {
        assert_eq!(duration_ms("0s"), Some(0));
        assert_eq!(duration_ms("1.5h"), Some(5_400_000));
        assert_eq!(duration_range_ms("10m..24h"), Some((600_000, 86_400_000)));
        assert_eq!(duration_range_ms("7d"), Some((604_800_000, 604_800_000)));
        assert_eq!(duration_ms("5"), None);
        assert_eq!(duration_range_ms("2h..1h"), None);
    }
}
