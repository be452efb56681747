//! From raw body bytes to the bytes of the page: content encodings, undone under three caps.
//!
//! The raw bytes are what is kept as evidence; decoding them is ours, so that a bomb of 34 bytes stays 34 bytes.

use std::borrow::Cow;
use std::io::Read;

/// The caps of a body.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Bytes on the wire.
    pub wire_bytes: usize,
    /// Bytes after decoding.
    pub decoded_bytes: usize,
    /// Decoded bytes for each byte on the wire.
    pub ratio: usize,
    /// How many encodings may be stacked.
    pub layers: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Caps { wire_bytes: 8 << 20, decoded_bytes: 16 << 20, ratio: 100, layers: 2 }
    }
}

/// Small pages of repeating markup compress well; below this size the ratio says nothing.
const RATIO_FROM_BYTES: usize = 1 << 20;

/// Why a body could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// More bytes than allowed.
    #[error("nội dung giải nén vượt {0} byte")]
    TooLarge(usize),
    /// Grows too much for its size.
    #[error("nội dung nở quá {0} lần: có thể là bom nén")]
    Bomb(usize),
    /// Too many encodings.
    #[error("nội dung nén chồng {0} lớp")]
    Layers(usize),
    /// An encoding we do not speak.
    #[error("kiểu nén `{0}` không đọc được")]
    Unknown(String),
    /// It ends in the middle.
    #[error("nội dung nén bị cắt giữa chừng")]
    Truncated,
    /// It is not what it says.
    #[error("nội dung nén hỏng")]
    Broken,
}

/// Undoes the encodings of a `Content-Encoding` header, last first.
pub fn decode<'b>(raw: &'b [u8], content_encoding: Option<&str>, caps: &Caps) -> Result<Cow<'b, [u8]>, ContentError> {
    let names: Vec<String> = content_encoding
        .unwrap_or_default()
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "identity" && name != "none")
        .collect();
    if names.len() > caps.layers {
        return Err(ContentError::Layers(names.len()));
    }
    let mut body = Cow::Borrowed(raw);
    for name in names.iter().rev() {
        let most = most_bytes(raw.len(), caps);
        let decoded = match name.as_str() {
            "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(body.as_ref()), most),
            "deflate" => match read(flate2::read::ZlibDecoder::new(body.as_ref()), most) {
                Err(ContentError::Broken) => read(flate2::read::DeflateDecoder::new(body.as_ref()), most),
                done => done,
            },
            "br" => read(brotli::Decompressor::new(body.as_ref(), 4096), most),
            "zstd" => {
                let mut decoder = zstd::stream::read::Decoder::new(body.as_ref()).map_err(|_| ContentError::Broken)?;
                // RFC 9659: a client need not accept windows above 8 MiB.
                decoder.window_log_max(23).map_err(|_| ContentError::Broken)?;
                read(decoder, most)
            }
            other => return Err(ContentError::Unknown(other.to_owned())),
        };
        body = Cow::Owned(decoded.map_err(|error| match error {
            ContentError::TooLarge(_) if most < caps.decoded_bytes => ContentError::Bomb(caps.ratio),
            ContentError::TooLarge(_) => ContentError::TooLarge(caps.decoded_bytes),
            error => error,
        })?);
    }
    if body.len() > caps.decoded_bytes {
        return Err(ContentError::TooLarge(caps.decoded_bytes));
    }
    Ok(body)
}

/// Undoes a gzip file as sitemaps are served, if it is one.
pub fn ungzip<'b>(body: &'b [u8], caps: &Caps) -> Result<Cow<'b, [u8]>, ContentError> {
    if body.starts_with(&[0x1f, 0x8b]) { decode(body, Some("gzip"), caps) } else { Ok(Cow::Borrowed(body)) }
}

fn most_bytes(wire: usize, caps: &Caps) -> usize {
    caps.decoded_bytes.min(wire.saturating_mul(caps.ratio).max(RATIO_FROM_BYTES))
}

fn read(decoder: impl Read, most: usize) -> Result<Vec<u8>, ContentError> {
    let mut out = Vec::new();
    match decoder.take(most as u64 + 1).read_to_end(&mut out) {
        Ok(_) if out.len() > most => Err(ContentError::TooLarge(most)),
        Ok(_) => Ok(out),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(ContentError::Truncated),
        Err(_) => Err(ContentError::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn encodings_are_undone_in_reverse_order() {
        let text = "Tuyển lao động ".repeat(50).into_bytes();
        let caps = Caps::default();
        let zlib = {
            let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(&text).unwrap();
            e.finish().unwrap()
        };
        let raw_deflate = {
            let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            e.write_all(&text).unwrap();
            e.finish().unwrap()
        };
        let zstd = zstd::stream::encode_all(text.as_slice(), 1).unwrap();
        let brotli = {
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(&text).unwrap();
            out
        };
        for (body, encoding) in [
            (gzip(&text), "gzip"),
            (zlib, "deflate"),
            (raw_deflate, "deflate"),
            (zstd, "zstd"),
            (brotli, "br"),
            (gzip(&gzip(&text)), "gzip, x-gzip"),
            (text.clone(), "identity"),
        ] {
            assert_eq!(decode(&body, Some(encoding), &caps).as_deref(), Ok(text.as_slice()), "{encoding}");
        }
        assert_eq!(decode(&text, Some("gzip, gzip, gzip"), &caps), Err(ContentError::Layers(3)));
        assert_eq!(decode(&text, Some("compress"), &caps), Err(ContentError::Unknown("compress".into())));
        assert_eq!(decode(&text, Some("gzip"), &caps), Err(ContentError::Broken));
    }

    #[test]
    fn bombs_and_stumps_are_told_apart() {
        let caps = Caps::default();
        let bomb = gzip(&vec![0; 12 << 20]);
        assert_eq!(decode(&bomb, Some("gzip"), &caps), Err(ContentError::Bomb(100)));
        let large =
            gzip(&(0..5_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>());
        assert_eq!(decode(&large, Some("gzip"), &caps), Err(ContentError::TooLarge(16 << 20)));
        let whole = gzip(&(0..2_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
        assert_eq!(decode(&whole[..whole.len() / 2], Some("gzip"), &caps), Err(ContentError::Truncated));
    }
}
