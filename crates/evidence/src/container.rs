//! The outer form: one folder in a ZIP with fixed times, fixed order and no compression, so that the same content
//! gives the same bytes, and a changed byte outside the content can be told from a repacked ZIP.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The files of a packet by their path inside its folder.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A packet is read whole into memory; more than this is refused.
const BYTES_MAX: u64 = 2 << 30;
const FILES_MAX: usize = 20_000;

/// A packet as it was found on disk.
pub(crate) struct Found {
    pub folder: String,
    pub files: Files,
    /// Files that could not be read, with the reason.
    pub broken: Vec<(String, String)>,
    /// The container's bytes, unless a folder was given.
    pub zip: Option<Vec<u8>>,
}

/// Packs the files; deterministic.
pub(crate) fn pack(folder: &str, files: &Files) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(format!("{folder}/{path}"), options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Reads a ZIP or an unpacked folder as hostile input. An error says why it is no packet at all.
pub(crate) fn open(path: &Path) -> Result<Found, String> {
    if path.is_dir() { open_folder(path) } else { open_zip(path) }
}

fn open_zip(path: &Path) -> Result<Found, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("không đọc được tệp: {error}"))?.len();
    if size > BYTES_MAX {
        return Err(format!("tệp quá lớn ({size} byte)"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("không đọc được tệp: {error}"))?;
    let mut archive = ZipArchive::new(Cursor::new(bytes.as_slice()))
        .map_err(|error| format!("vỏ ZIP hỏng, mục lục không đọc được: {error}"))?;
    if archive.has_duplicate_names() {
        return Err("vỏ ZIP có hai mục cùng tên".into());
    }
    if archive.len() > FILES_MAX {
        return Err("vỏ ZIP có quá nhiều mục".into());
    }
    let mut found = Found { folder: String::new(), files: Files::new(), broken: Vec::new(), zip: None };
    let mut total = 0u64;
    let names: Vec<String> = archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    for (index, name) in names.iter().enumerate() {
        check_name(name)?;
        let (folder, inner) = name.split_once('/').ok_or(format!("mục `{name}` đứng ngoài thư mục của gói"))?;
        if found.folder.is_empty() {
            found.folder = folder.to_owned();
        }
        if found.folder != folder {
            return Err(format!("mục `{name}` đứng ngoài thư mục của gói"));
        }
        if inner.is_empty() {
            continue;
        }
        match read_entry(&mut archive, index, BYTES_MAX - total) {
            Ok(content) => {
                total += content.len() as u64;
                found.files.insert(inner.to_owned(), content);
            }
            Err(reason) => found.broken.push((inner.to_owned(), reason)),
        }
    }
    if let Err(error) = archive.validate_header_consistency() {
        found.broken.push(("vỏ ZIP".into(), format!("hai mục lục của ZIP không khớp: {error}")));
    }
    found.zip = Some(bytes);
    Ok(found)
}

fn read_entry(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize, room: u64) -> Result<Vec<u8>, String> {
    let mut entry = archive.by_index(index).map_err(|error| format!("mục ZIP hỏng: {error}"))?;
    if entry.is_symlink() {
        return Err("là liên kết, không phải tệp".into());
    }
    let mut content = Vec::new();
    entry.by_ref().take(room + 1).read_to_end(&mut content).map_err(|error| format!("nội dung hỏng: {error}"))?;
    if content.len() as u64 > room {
        return Err("gói quá lớn".into());
    }
    Ok(content)
}

fn open_folder(path: &Path) -> Result<Found, String> {
    let folder = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut found = Found { folder, files: Files::new(), broken: Vec::new(), zip: None };
    let mut waiting = vec![path.to_path_buf()];
    let mut total = 0u64;
    while let Some(place) = waiting.pop() {
        let entries = std::fs::read_dir(&place).map_err(|error| format!("không đọc được thư mục: {error}"))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("không đọc được thư mục: {error}"))?;
            let here = entry.path();
            let name = here.strip_prefix(path).unwrap_or(&here).to_string_lossy().replace('\\', "/");
            let kind = entry.file_type().map_err(|error| format!("không đọc được `{name}`: {error}"))?;
            if kind.is_dir() {
                waiting.push(here);
            } else if kind.is_symlink() {
                found.broken.push((name, "là liên kết, không phải tệp".into()));
            } else {
                total += entry.metadata().map(|meta| meta.len()).unwrap_or(0);
                if total > BYTES_MAX || found.files.len() >= FILES_MAX {
                    return Err("gói quá lớn".into());
                }
                match std::fs::read(&here) {
                    Ok(content) => drop(found.files.insert(name, content)),
                    Err(error) => found.broken.push((name, format!("không đọc được: {error}"))),
                }
            }
        }
    }
    Ok(found)
}

fn check_name(name: &str) -> Result<(), String> {
    let bad = name.contains('\0')
        || name.contains('\\')
        || name.starts_with('/')
        || name.split('/').any(|part| part == ".." || part == ".")
        || name.chars().nth(1) == Some(':');
    if bad { Err(format!("tên mục không hợp lệ: `{}`", name.escape_default())) } else { Ok(()) }
}

/// Where the container differs from the one that [`pack`] makes of the same content, as the name of the file whose
/// entry holds the first differing byte. A repacked ZIP (another length) is not compared: its content decides.
pub(crate) fn altered_entry(found: &Found) -> Option<String> {
    let zip = found.zip.as_ref()?;
    let packed = pack(&found.folder, &found.files).ok()?;
    if packed.len() != zip.len() {
        return None;
    }
    let at = packed.iter().zip(zip).position(|(a, b)| a != b)?;
    let mut named = "mục lục của vỏ ZIP".to_owned();
    let mut start = 0;
    for (path, bytes) in &found.files {
        // A stored entry: local header of 30 bytes, the name, the content.
        let end = start + 30 + found.folder.len() + 1 + path.len() + bytes.len();
        if (start..end).contains(&at) {
            named.clone_from(path);
        }
        start = end;
    }
    Some(named)
}
