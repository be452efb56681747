//! Whether a source may be read at all: a machine-checked part of every file.

use super::file::{AccessFile, Basis, Status};

/// What keeps a source from starting, in one Vietnamese sentence that says what is missing; nothing when it may start.
///
/// `has_key` tells whether the parameter `key` was given, which satisfies the basis `key`.
pub fn barrier(access: &AccessFile, status: Status, has_key: bool) -> Option<String> {
    let cleared = access.cleared.is_some();
    let terms = access.terms.as_deref().map(|terms| format!(" (điều khoản: {terms})")).unwrap_or_default();
    if status == Status::Retired {
        return Some("Nguồn này đã ngừng dùng (status = \"retired\").".into());
    }
    match access.basis {
        Basis::Open => None,
        Basis::Key if has_key || cleared => None,
        Basis::Permission | Basis::Restricted if cleared => None,
        Basis::Key => {
            Some("Nguồn này cần khóa API chính thức: đưa tham số `key`, hoặc một người ký [access.cleared].".into())
        }
        Basis::Permission => Some(format!(
            "Nguồn này cần chủ trang cho phép{}: một người ghi [access.cleared] với by, on, basis, document.",
            access.contact.as_deref().map(|contact| format!(" (liên hệ {contact})")).unwrap_or_default()
        )),
        Basis::Restricted => Some(format!(
            "Điều khoản của trang cấm thu thập{terms}: cần căn cứ pháp lý bằng văn bản, ghi trong [access.cleared] với by, on, basis, document."
        )),
        Basis::None => Some("Không có căn cứ nào cho phép phần mềm đọc nguồn này.".into()),
    }
}
