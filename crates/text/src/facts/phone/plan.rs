//! The numbering plan: which digits are a phone of Vietnam or of a country that posts name.
//!
//! Vietnam: the plan of the Ministry of Information and Communications, mobile prefixes in force since 15 September 2018
//! and area codes since 2017; the eleven-digit mobile numbers of before are converted and kept as `legacy`.

/// The national number without separators, as dialled in Vietnam, and what it was written as.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct National {
    /// With country code.
    pub e164: String,
    /// A fixed line.
    pub landline: bool,
    /// The eleven-digit form in force before 15 September 2018.
    pub legacy: Option<String>,
}

/// The E.164 form of a Vietnamese number typed without its leading zero or with any of its prefixes.
pub(in crate::facts) fn national(digits: &str) -> Option<String> {
    if digits.len() == 9 && is_mobile(&format!("0{digits}")) {
        return Some(format!("+84{digits}"));
    }
    vietnamese(digits, false).map(|number| number.e164)
}

/// Mobile prefixes: 03[2-9], 05[25689], 07[06-9], 08[1-9], 09[0-46-9].
pub(super) fn is_mobile(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 10
        && bytes[0] == b'0'
        && matches!((bytes[1], bytes[2]), (b'3', b'2'..=b'9') | (b'7', b'0' | b'6'..=b'9') | (b'8', b'1'..=b'9') | (b'5', b'2' | b'5' | b'6' | b'8' | b'9') | (b'9', b'0'..=b'4' | b'6'..=b'9'))
}

/// Area codes: 024 and 028 with eight digits, 02xx with seven.
fn is_landline(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11
        && bytes[0] == b'0'
        && bytes[1] == b'2'
        && matches!((bytes[2], bytes[3]), (b'4' | b'8', b'2'..=b'9') | (b'0', b'3'..=b'9') | (b'1', b'0'..=b'6' | b'8' | b'9') | (b'2', b'0'..=b'2' | b'5'..=b'9') | (b'3', b'2'..=b'9') | (b'5', b'1' | b'2' | b'4'..=b'9') | (b'6', b'0'..=b'3' | b'9') | (b'7', b'0'..=b'7') | (b'9', b'0'..=b'4' | b'6' | b'7' | b'9'))
}

/// Today's number for an eleven-digit mobile number of before 2018.
fn converted(digits: &str) -> Option<String> {
    if digits.len() != 11 {
        return None;
    }
    let (prefix, rest) = digits.split_at_checked(4)?;
    let today = match prefix {
        "0120" => "070",
        "0121" => "079",
        "0122" => "077",
        "0126" => "076",
        "0128" => "078",
        "0123" => "083",
        "0124" => "084",
        "0125" => "085",
        "0127" => "081",
        "0129" => "082",
        "0162" => "032",
        "0163" => "033",
        "0164" => "034",
        "0165" => "035",
        "0166" => "036",
        "0167" => "037",
        "0168" => "038",
        "0169" => "039",
        "0186" => "056",
        "0188" => "058",
        "0199" => "059",
        _ => return None,
    };
    Some(format!("{today}{rest}"))
}

/// Reads digits as a Vietnamese number: national, or with 84, 0084, and a stray zero behind the country code.
pub(super) fn vietnamese(digits: &str, plus: bool) -> Option<National> {
    let number = |local: &str, legacy: Option<String>, landline| National {
        e164: format!("+84{}", &local[1..]),
        landline,
        legacy,
    };
    if is_mobile(digits) && !plus {
        return Some(number(digits, None, false));
    }
    if is_landline(digits) && !plus {
        return Some(number(digits, None, true));
    }
    if let Some(today) = converted(digits).filter(|_| !plus) {
        return Some(number(&today, Some(digits.to_owned()), false));
    }
    let rest = digits.strip_prefix("84").or_else(|| digits.strip_prefix("0084"))?;
    let local = if rest.starts_with('0') { rest.to_owned() } else { format!("0{rest}") };
    if is_mobile(&local) {
        return Some(number(&local, None, false));
    }
    if is_landline(&local) && (plus || digits.starts_with("00")) {
        return Some(number(&local, None, true));
    }
    let today = converted(&local)?;
    Some(number(&today, Some(local), false))
}

/// Country codes that posts name: code, ISO region, shortest and longest national number.
const COUNTRIES: [(&str, &str, usize, usize); 34] = [
    ("855", "KH", 8, 9),
    ("856", "LA", 8, 10),
    ("852", "HK", 8, 8),
    ("853", "MO", 8, 8),
    ("886", "TW", 8, 9),
    ("971", "AE", 8, 9),
    ("966", "SA", 8, 9),
    ("974", "QA", 8, 8),
    ("965", "KW", 8, 8),
    ("972", "IL", 8, 9),
    ("995", "GE", 9, 9),
    ("420", "CZ", 9, 9),
    ("673", "BN", 7, 7),
    ("66", "TH", 8, 9),
    ("95", "MM", 7, 10),
    ("86", "CN", 10, 11),
    ("63", "PH", 9, 10),
    ("60", "MY", 8, 10),
    ("65", "SG", 8, 8),
    ("62", "ID", 8, 12),
    ("82", "KR", 8, 10),
    ("81", "JP", 9, 10),
    ("91", "IN", 10, 10),
    ("90", "TR", 10, 10),
    ("44", "GB", 9, 10),
    ("49", "DE", 8, 11),
    ("48", "PL", 9, 9),
    ("40", "RO", 9, 9),
    ("36", "HU", 8, 9),
    ("33", "FR", 9, 9),
    ("61", "AU", 9, 9),
    ("64", "NZ", 8, 10),
    ("7", "RU", 10, 10),
    ("1", "US", 10, 10),
];

/// The region of an international number without its plus, when its length fits.
pub(super) fn region(digits: &str) -> Option<&'static str> {
    let &(code, region, shortest, longest) = COUNTRIES.iter().find(|country| digits.starts_with(country.0))?;
    let national = digits[code.len()..].trim_start_matches('0').len();
    (shortest..=longest).contains(&national).then_some(region)
}
