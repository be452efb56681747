//! A form with a picture: named fields and at most one file, read within a size.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use intake::tip::PICTURE_BYTES_MAX;

use crate::Shared;
use crate::trouble::Trouble;

/// Bytes of a whole form: the picture and some pages of text.
pub const UPLOAD_BYTES_MAX: usize = PICTURE_BYTES_MAX + (256 << 10);
/// More fields than any page of ours sends.
const FIELDS_MAX: usize = 20;

/// The fields of a form, and its picture where one was chosen.
pub struct Upload {
    fields: BTreeMap<String, String>,
    /// The bytes of the picture; empty when none was chosen.
    pub picture: Vec<u8>,
}

impl Upload {
    /// A field as it was typed, with ends of lines as `\n`; empty when it is not there.
    pub fn field(&self, name: &str) -> String {
        self.fields.get(name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default()
    }
}

impl FromRequest<Shared> for Upload {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Trouble> {
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| Trouble::BadForm)?;
        let mut upload = Upload { fields: BTreeMap::new(), picture: Vec::new() };
        for _ in 0..FIELDS_MAX {
            let part = parts.next_field().await.map_err(refusal)?;
            let Some(part) = part else { return Ok(upload) };
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(refusal)?;
            if name == "picture" {
                upload.picture = bytes.to_vec();
            } else {
                upload.fields.insert(name, String::from_utf8_lossy(&bytes).replace('\0', ""));
            }
        }
        Err(Trouble::BadForm)
    }
}

fn refusal(error: axum::extract::multipart::MultipartError) -> Trouble {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Trouble::TooLarge } else { Trouble::BadForm }
}
