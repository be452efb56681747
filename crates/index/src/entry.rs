//! One post as the index sees it.

use text::{FactKind, Reading};

/// One post to be indexed or matched.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The store's id of the post; the key of upserts.
    pub post_id: &'a str,
    /// The source it came from.
    pub source: &'a str,
    /// UTC milliseconds: when it was posted, else when it was collected.
    pub posted_at_ms: i64,
    /// Points of its first family, 0 when nothing was found.
    pub points: i64,
    /// Ids of the families at or above their thresholds.
    pub families: &'a [String],
    /// Its tokens and facts.
    pub reading: &'a Reading,
}

impl Entry<'_> {
    /// The normalised contacts of the post, each as `kind:value`, and the plain value as well.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &str> {
        self.reading.facts.iter().filter(|fact| is_contact(fact.kind)).map(|fact| fact.value.as_str())
    }

    /// The gazetteer codes of the post; a place inside another one also counts as the other one.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.reading.facts.iter().filter(|fact| fact.kind == FactKind::Place).flat_map(|fact| place_codes(&fact.value))
    }
}

fn is_contact(kind: FactKind) -> bool {
    use FactKind as K;
    matches!(
        kind,
        K::Phone
            | K::PhoneMasked
            | K::Zalo
            | K::Telegram
            | K::Whatsapp
            | K::Facebook
            | K::Tiktok
            | K::Handle
            | K::Url
            | K::Email
            | K::BankAccount
            | K::Wallet
    )
}

/// `KH/bavet` is also `KH`; `vn63:24>vn34:24` is also both of its parts.
fn place_codes(value: &str) -> impl Iterator<Item = &str> {
    let country = value.split_once('/').map(|(country, _)| country);
    let eras = value.split_once('>').map(|(old, new)| [old, new]);
    std::iter::once(value).chain(country).chain(eras.into_iter().flatten())
}
