//! A packet is what police receive: it verifies, and no byte of it can change unseen.

use evidence::{
    Account, CaseFile, CaseFileError, Original, Outcome, PostCopy, SignedStep, Signer, Touch, seal, verify,
};
use model::{Family, Stance};
use rules::{Assessment, Finding, FindingKind};
use text::{Field, Span};

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn case_file() -> CaseFile {
    let text = "Cần 2 bạn sang Cam trực trang, ib 0901 000 123 <b>nhé</b>";
    let body = format!("<html><p>{text}</p></html>").into_bytes();
    let reading = text::read(None, text, Some(1_795_000_000_000));
    let signed = |person: &str, role: &str, step: &str, at_ms| SignedStep {
        person: person.into(),
        role: role.into(),
        step: step.into(),
        at_ms,
        reason: "rõ nơi đến và liên hệ".into(),
    };
    CaseFile {
        id: "CG-2026-000001".into(),
        supersedes: None,
        sealed_at_ms: 1_795_000_300_000,
        organisation: "Trung tâm thử".into(),
        contact: "trực ban 0900 000 000".into(),
        unit: "Phòng Cảnh sát hình sự, Công an tỉnh thử".into(),
        priority: 2,
        urgency: vec!["Mời sang Campuchia".into()],
        families: vec![Family::ScamCompoundJob],
        signed: vec![
            signed("A-07", "chuyên viên", "đề nghị chuyển", 1_795_000_100_000),
            signed("T-02", "trưởng nhóm", "ký chuyển", 1_795_000_200_000),
        ],
        notes: vec![],
        posts: vec![PostCopy {
            capture_id: "01-cap".into(),
            source: "rao-vat-mau".into(),
            native_id: "../48213".into(),
            url: Some("http://rao-vat.example/tin/48213".into()),
            author: Some("người đăng mẫu".into()),
            posted_at_ms: Some(1_795_000_000_000),
            gone_at_ms: None,
            title: None,
            text: text.into(),
            assessment: Assessment {
                ruleset: "0".repeat(64),
                stance: Stance::Offer,
                stance_margin: 42,
                stance_reasons: vec![],
                alert: true,
                referral: false,
                priority: Some(2),
                points: 60,
                probability: 0.9,
                families: vec![],
                findings: vec![Finding {
                    kind: FindingKind::Rule,
                    rule: "scj-abroad".into(),
                    family: Family::ScamCompoundJob,
                    title: "Rủ sang nước ngoài".into(),
                    points: 60,
                    group: "offer".into(),
                    field: Field::Text,
                    spans: vec![Span { start: 0, end: 14 }],
                    text: "Cần 2 bạn".into(),
                }],
                urgency: vec![],
            },
            facts: reading.facts,
            original: Original {
                sha256: sha256(&body),
                bytes: body,
                fetched_at_ms: 1_795_000_050_000,
                method: "auto".into(),
                media_type: Some("text/html".into()),
                head: serde_json::json!({"status": 200}),
            },
        }],
        accounts: vec![Account {
            kind: "phone".into(),
            value: "+84901000123".into(),
            written: vec!["0901 000 123".into()],
            posts: 1,
            first_seen_ms: 1_795_000_000_000,
            last_seen_ms: 1_795_000_000_000,
        }],
        custody: vec![Touch {
            at_ms: 1_795_000_050_000,
            actor: "canhgiac 0.1.0".into(),
            action: "captured".into(),
            subject: "01-cap".into(),
            sha256: None,
        }],
    }
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("canhgiac-evidence-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn seals_alike_and_verifies() {
    let signer = Signer::ephemeral("Trung tâm thử").unwrap();
    let sealed = seal(&case_file(), &signer).unwrap();
    assert_eq!(sealed.zip, seal(&case_file(), &signer).unwrap().zip);
    let folder = Folder::new("verifies");
    let path = folder.write(&sealed.file_name, &sealed.zip);
    let verification = verify(&path, None);
    assert!(verification.valid(), "{verification:#?}");
    assert_eq!(verification.sums_sha256.as_deref(), Some(sealed.sums_sha256.as_str()));
    let other = Signer::ephemeral("khác").unwrap();
    let strangers = seal(&case_file(), &other).unwrap();
    let inside = zip_text(&strangers.zip, "allowed_signers");
    assert!(!verify(&path, Some(&inside)).valid(), "a key that is not trusted must not pass");
    assert!(verify(&path, Some(&zip_text(&sealed.zip, "allowed_signers"))).valid());
}

fn zip_text(zip: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
    let mut file = archive.by_name(&format!("CG-2026-000001/{name}")).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    text
}

#[test]
fn any_changed_byte_is_found_and_named() {
    let signer = Signer::ephemeral("Trung tâm thử").unwrap();
    let sealed = seal(&case_file(), &signer).unwrap();
    let folder = Folder::new("flips");
    let step = (sealed.zip.len() / 900).max(1);
    for at in (0..sealed.zip.len()).step_by(step) {
        let mut changed = sealed.zip.clone();
        changed[at] ^= 0x01;
        let path = folder.write("changed.zip", &changed);
        let verification = verify(&path, None);
        let named = verification.checks.iter().any(|check| matches!(&check.outcome, Outcome::Wrong(_)));
        assert!(named, "byte {at} of {} changed unseen", sealed.zip.len());
    }
}

#[test]
fn the_wrong_file_is_named_in_an_unpacked_folder() {
    let sealed = seal(&case_file(), &Signer::ephemeral("thử").unwrap()).unwrap();
    let folder = Folder::new("unpacked");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&sealed.zip)).unwrap();
    archive.extract(&folder.0).unwrap();
    let packet = folder.0.join("CG-2026-000001");
    assert!(verify(&packet, None).valid());
    let body = packet.join("04-ban-goc/01-cap.bin");
    let mut bytes = std::fs::read(&body).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&body, bytes).unwrap();
    std::fs::write(packet.join("la.txt"), "thêm").unwrap();
    let wrong: Vec<String> = verify(&packet, None)
        .checks
        .into_iter()
        .filter(|check| matches!(check.outcome, Outcome::Wrong(_)))
        .map(|check| check.what)
        .collect();
    assert_eq!(wrong, ["04-ban-goc/01-cap.bin", "la.txt"]);
}

#[test]
fn one_person_is_not_enough() {
    let mut case = case_file();
    case.signed[1].person = "A-07".into();
    let error = seal(&case, &Signer::ephemeral("thử").unwrap()).unwrap_err();
    assert!(matches!(error, CaseFileError::TwoPeople));
}

#[test]
fn a_changed_original_is_refused() {
    let mut case = case_file();
    case.posts[0].original.bytes.push(b' ');
    let error = seal(&case, &Signer::ephemeral("thử").unwrap()).unwrap_err();
    assert!(matches!(error, CaseFileError::OriginalChanged { .. }));
}

#[test]
fn the_report_escapes_and_names_no_offender() {
    let sealed = seal(&case_file(), &Signer::ephemeral("thử").unwrap()).unwrap();
    let report = zip_text(&sealed.zip, "01-bao-cao.html");
    assert!(report.contains("&#60;b&#62;") || report.contains("&lt;b&gt;"), "post text must be inert");
    for word in ["thủ phạm", "tội phạm là", "kẻ buôn người"] {
        assert!(!report.contains(word), "{word}");
    }
    assert!(report.contains("chưa phải kết luận"));
    assert!(!report.contains("href="), "no live links in a packet");
}

#[test]
fn stock_tools_agree() {
    let sealed = seal(&case_file(), &Signer::ephemeral("Trung tâm thử").unwrap()).unwrap();
    let folder = Folder::new("stock");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&sealed.zip)).unwrap();
    archive.extract(&folder.0).unwrap();
    let packet = folder.0.join("CG-2026-000001");
    let run =
        |command: &str| std::process::Command::new("sh").arg("-c").arg(command).current_dir(&packet).output().unwrap();
    let sums = run("sha256sum --strict -c SHA256SUMS");
    assert!(sums.status.success(), "{}", String::from_utf8_lossy(&sums.stdout));
    let signed = run(
        "ssh-keygen -Y verify -f allowed_signers -I trung-tam-thu -n canh-giac-packet -s SHA256SUMS.sig < SHA256SUMS",
    );
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
}
