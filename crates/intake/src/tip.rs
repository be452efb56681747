//! A citizen's tip: what may be sent, the receipt code, and the contact that is sealed before it is kept.
//!
//! Invariants: nothing of where a tip came from is kept; a code is kept only as its hash; a contact is readable only
//! with the key of this place. An address in a tip is a lead for people and is never opened by software.

use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::fetch::sha256_hex;

/// The longest text, in characters.
pub const TEXT_CHARS_MAX: usize = 10_000;
/// The longest address, in characters.
pub const URL_CHARS_MAX: usize = 2_048;
/// The longest contact, in characters.
pub const CONTACT_CHARS_MAX: usize = 200;
/// The largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 6 << 20;
/// Letters and digits of a receipt code: none that is taken for another.
const CODE_LETTERS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz_";
/// Characters of a receipt code: 60 bits.
const CODE_CHARS: usize = 12;

/// What is wrong with a tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Neither an address nor a text.
    Empty,
    /// Something is longer than it may be.
    TooLong,
    /// The picture is none that we keep.
    Picture,
    /// The field that people do not see was filled.
    Honeypot,
}

/// A kind of picture that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl Picture {
    /// Tells the kind by the first bytes, whatever the sender calls it.
    pub fn of(bytes: &[u8]) -> Option<Picture> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Picture::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Picture::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Picture::Webp),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Picture::Png => "image/png",
            Picture::Jpeg => "image/jpeg",
            Picture::Webp => "image/webp",
        }
    }
}

/// Checks what was sent before anything is kept.
///
/// # Errors
/// The first flaw.
pub fn check(url: &str, text: &str, contact: &str, honeypot: &str, picture: &[u8]) -> Result<(), Flaw> {
    let is_longer = |text: &str, most: usize| text.chars().nth(most).is_some();
    if !honeypot.is_empty() {
        return Err(Flaw::Honeypot);
    }
    if is_longer(text, TEXT_CHARS_MAX) || is_longer(url, URL_CHARS_MAX) || is_longer(contact, CONTACT_CHARS_MAX) {
        return Err(Flaw::TooLong);
    }
    if !picture.is_empty() && (picture.len() > PICTURE_BYTES_MAX || Picture::of(picture).is_none()) {
        return Err(Flaw::Picture);
    }
    if url.trim().is_empty() && text.trim().is_empty() {
        return Err(Flaw::Empty);
    }
    Ok(())
}

/// A new receipt code, as it is shown: three groups of four.
pub fn new_code() -> String {
    // The last of the 32 letters stands for nothing that can be said aloud; `w` is drawn twice instead.
    let letter = || match CODE_LETTERS[usize::from(rand::random::<u8>() & 31)] {
        b'_' => 'w',
        letter => char::from(letter),
    };
    let letters: Vec<char> = (0..CODE_CHARS).map(|_| letter()).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The hash under which a code is kept, however it was typed; nothing when it cannot be a code.
pub fn code_sha256(typed: &str) -> Option<String> {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    (letters.len() == CODE_CHARS).then(|| sha256_hex(letters.as_bytes()))
}

/// The key that seals contacts.
pub struct ContactKey(LessSafeKey);

/// Why a contact cannot be sealed or read.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// The key file cannot be used.
    #[error("không dùng được tệp khóa liên hệ: {0}")]
    Key(std::io::Error),
    /// It was sealed with another key, or changed.
    #[error("liên hệ không mở được bằng khóa này")]
    Sealed,
}

impl ContactKey {
    /// Reads the key, or makes one that only its owner may read.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn open(path: &Path) -> Result<ContactKey, ContactError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path).map_err(ContactError::Key)?,
            Err(error) => return Err(ContactError::Key(error)),
        };
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes)
            .map_err(|_| ContactError::Key(std::io::Error::other("không phải khóa 32 byte")))?;
        Ok(ContactKey(LessSafeKey::new(key)))
    }

    /// Seals a contact for a tip: nonce, ciphertext and mark, in hexadecimal. It opens only for the same tip.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn seal(&self, tip_id: &str, contact: &str) -> Result<String, ContactError> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut sealed = contact.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(tip_id.as_bytes()), &mut sealed)
            .map_err(|_| ContactError::Sealed)?;
        Ok(nonce.iter().chain(&sealed).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads a sealed contact.
    ///
    /// # Errors
    /// When it was sealed with another key or for another tip, or was changed.
    pub fn open_contact(&self, tip_id: &str, sealed: &str) -> Result<String, ContactError> {
        let bytes = unhex(sealed).ok_or(ContactError::Sealed)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(ContactError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| ContactError::Sealed)?;
        let mut sealed = sealed.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(tip_id.as_bytes()), &mut sealed);
        let opened = opened.map_err(|_| ContactError::Sealed)?;
        String::from_utf8(opened.to_vec()).map_err(|_| ContactError::Sealed)
    }
}

fn make(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let key: [u8; 32] = rand::random();
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key.to_vec())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    bytes
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kept_as_hashes_however_they_are_typed() {
        let code = new_code();
        assert_eq!(code.len(), 14);
        assert_ne!(code, new_code());
        assert!(code.chars().all(|c| c == '-' || c.is_ascii_alphanumeric()), "{code}");
        let typed = format!(" {} ", code.to_uppercase().replace('-', " "));
        assert_eq!(code_sha256(&typed), code_sha256(&code));
        assert_eq!(code_sha256("abc"), None);
    }

    #[test]
    fn a_contact_opens_only_with_its_key_and_for_its_tip() {
        let folder = std::env::temp_dir().join(format!("canhgiac-tip-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = ContactKey::open(&folder.join("a")).unwrap();
        let sealed = key.seal("tip-1", "0901 000 123").unwrap();
        assert!(!sealed.contains("0901") && sealed != key.seal("tip-1", "0901 000 123").unwrap());
        let again = ContactKey::open(&folder.join("a")).unwrap();
        assert_eq!(again.open_contact("tip-1", &sealed).unwrap(), "0901 000 123");
        assert!(again.open_contact("tip-2", &sealed).is_err());
        assert!(ContactKey::open(&folder.join("b")).unwrap().open_contact("tip-1", &sealed).is_err());
        for bad in ["", "zz", &sealed[..20], &sealed.replace('a', "b")] {
            assert!(again.open_contact("tip-1", bad).is_err());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn flaws_are_told() {
        assert_eq!(check("", " ", "", "", b""), Err(Flaw::Empty));
        assert_eq!(check("", "x", "", "bot", b""), Err(Flaw::Honeypot));
        assert_eq!(check("", &"x".repeat(TEXT_CHARS_MAX + 1), "", "", b""), Err(Flaw::TooLong));
        assert_eq!(check("", "x", "", "", b"<svg onload=alert(1)>"), Err(Flaw::Picture));
        assert_eq!(check("https://a.example", "", "", "", b"\x89PNG\r\n\x1a\n"), Ok(()));
    }
}
