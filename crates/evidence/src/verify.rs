//! Verification as an officer does it: no database, no network, hostile input.

use std::path::Path;

use crate::container::{self, Found};
use crate::{NAMESPACE, custody, key, sha256_hex};

/// What was checked about one file, or about the packet as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The file, or what else was checked.
    pub what: String,
    /// How it came out.
    pub outcome: Outcome,
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As sealed.
    Right,
    /// Not as sealed, with the reason in Vietnamese.
    Wrong(String),
    /// Right, but the reader should know something.
    Remark(String),
}

/// The result over a whole packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Every check, in the order of the packet.
    pub checks: Vec<Check>,
    /// SHA-256 of `SHA256SUMS`, to be compared with the receipt.
    pub sums_sha256: Option<String>,
    /// Fingerprint of the key that signed.
    pub fingerprint: Option<String>,
}

impl Verification {
    /// Whether everything is as sealed.
    pub fn valid(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.outcome, Outcome::Wrong(_)))
    }

    fn wrong(&mut self, what: &str, reason: impl Into<String>) {
        self.checks.push(Check { what: what.into(), outcome: Outcome::Wrong(reason.into()) });
    }

    fn right(&mut self, what: &str) {
        self.checks.push(Check { what: what.into(), outcome: Outcome::Right });
    }

    fn remark(&mut self, what: &str, remark: impl Into<String>) {
        self.checks.push(Check { what: what.into(), outcome: Outcome::Remark(remark.into()) });
    }
}

/// Files that stand beside the sums and are not listed in them.
const BESIDE: [&str; 3] = ["SHA256SUMS", "SHA256SUMS.sig", "allowed_signers"];

/// Verifies a ZIP or an unpacked folder. `trusted` is the text of an `allowed_signers` file received by another road;
/// without it the key inside the packet is used, and a remark says that its fingerprint must be compared.
pub fn verify(path: &Path, trusted: Option<&str>) -> Verification {
    let mut verification = Verification { checks: Vec::new(), sums_sha256: None, fingerprint: None };
    let found = match container::open(path) {
        Ok(found) => found,
        Err(reason) => {
            verification.wrong(&path.display().to_string(), reason);
            return verification;
        }
    };
    for (name, reason) in &found.broken {
        verification.wrong(name, reason.clone());
    }
    check_sums(&found, &mut verification);
    check_signature(&found, trusted, &mut verification);
    check_custody(&found, &mut verification);
    if verification.valid()
        && let Some(name) = container::altered_entry(&found)
    {
        verification.wrong(&name, "mục ZIP của tệp này đã bị sửa (nội dung còn nguyên)");
    }
    verification
}

fn check_sums(found: &Found, verification: &mut Verification) {
    let Some(sums) = found.files.get("SHA256SUMS") else {
        return verification.wrong("SHA256SUMS", "thiếu tệp");
    };
    verification.sums_sha256 = Some(sha256_hex(sums));
    let Ok(sums) = std::str::from_utf8(sums) else {
        return verification.wrong("SHA256SUMS", "không phải UTF-8");
    };
    let mut listed = Vec::new();
    for (index, line) in sums.lines().enumerate() {
        let Some((hash, name)) = line.split_once("  ") else {
            verification.wrong("SHA256SUMS", format!("dòng {} sai dạng", index + 1));
            continue;
        };
        listed.push(name);
        match found.files.get(name) {
            Some(bytes) if sha256_hex(bytes) == hash => verification.right(name),
            Some(_) => verification.wrong(name, "nội dung khác với lúc niêm phong"),
            None if found.broken.iter().any(|(broken, _)| broken == name) => {}
            None => verification.wrong(name, "thiếu tệp"),
        }
    }
    for name in found.files.keys() {
        if !listed.contains(&name.as_str()) && !BESIDE.contains(&name.as_str()) {
            verification.wrong(name, "tệp lạ, không có trong SHA256SUMS");
        }
    }
}

fn check_signature(found: &Found, trusted: Option<&str>, verification: &mut Verification) {
    let text = |name: &str| found.files.get(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let (Some(sums), Some(signature)) = (found.files.get("SHA256SUMS"), text("SHA256SUMS.sig")) else {
        return verification.wrong("SHA256SUMS.sig", "thiếu tệp hoặc không đọc được");
    };
    let signed_by = match key::check(NAMESPACE, sums, signature) {
        Ok(signed_by) => signed_by,
        Err(error) => {
            return verification.wrong("SHA256SUMS.sig", format!("chữ ký không khớp với SHA256SUMS: {error}"));
        }
    };
    verification.right("SHA256SUMS.sig");
    let fingerprint = ssh_key::Fingerprint::new(ssh_key::HashAlg::Sha256, &signed_by).to_string();
    let principal = found
        .files
        .get("packet.json")
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok())
        .and_then(|packet| packet["reporter"]["principal"].as_str().map(str::to_owned))
        .unwrap_or_default();
    match key::allowed_signers_line(&principal, &signed_by) {
        Ok(line) if text("allowed_signers") == Some(line.as_str()) => verification.right("allowed_signers"),
        _ => verification.wrong("allowed_signers", "không phải khóa đã ký gói này"),
    }
    match trusted {
        Some(trusted) if trusts(trusted, &signed_by) => verification.right("khóa ký"),
        Some(_) => verification.wrong("khóa ký", format!("{fingerprint} không có trong danh sách khóa tin cậy")),
        None => verification
            .remark("khóa ký", format!("{fingerprint}: so với bản giấy đã nhận riêng, hoặc dùng --signers TỆP")),
    }
    verification.fingerprint = Some(fingerprint);
}

/// Whether the text of an `allowed_signers` file holds a key.
pub(crate) fn trusts(allowed_signers: &str, signed_by: &ssh_key::public::KeyData) -> bool {
    allowed_signers.lines().filter(|line| !line.starts_with('#')).any(|line| {
        let Some(at) = line.find("ssh-ed25519 ") else { return false };
        ssh_key::PublicKey::from_openssh(line[at..].trim()).is_ok_and(|key| key.key_data() == signed_by)
    })
}

fn check_custody(found: &Found, verification: &mut Verification) {
    let log = found.files.get("07-nhat-ky.jsonl").and_then(|bytes| std::str::from_utf8(bytes).ok());
    if let Some(Err(line)) = log.map(custody::check) {
        verification.wrong("07-nhat-ky.jsonl", format!("chuỗi thu giữ đứt ở dòng {line}"));
    }
}
