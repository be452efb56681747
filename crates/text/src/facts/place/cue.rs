//! Words around a name that make it a place, or something else.

use super::Page;

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    None,
    /// A venue or a company: `quán`, `kho`, `cty`.
    Venue,
    /// A word of motion or place: `ở`, `sang`, `tỉnh`.
    Strong,
    /// Another place, before a comma or `hoặc`.
    List,
}

/// Reads the cue before token `at`; `last` is where the place before ended.
pub(super) fn before(page: &Page, at: usize, last: Option<usize>) -> Cue {
    let tokens = &page.view.tokens;
    let Some(token) = tokens.get(at) else { return Cue::None };
    let Some(previous) = at.checked_sub(1).and_then(|at| tokens.get(at)) else {
        return mark_before(page, 0, token.span.start);
    };
    let gap = page.view.raw.get(previous.span.end as usize..token.span.start as usize).unwrap_or("");
    let marked = mark_before(page, previous.span.end, token.span.start);
    if marked != Cue::None {
        return marked;
    }
    if let Some(last) = last {
        let joins = |at: usize| {
            tokens
                .get(at)
                .is_some_and(|token| matches!(page.view.canon_of(token), "và" | "hoặc" | "hay" | "va" | "hoac"))
        };
        let connected = last == at || last + 1 == at && joins(last);
        if connected && !gap.contains(['\n', '!', '?']) && !gap.contains(". ") {
            return Cue::List;
        }
    }
    if gap.contains(['\n', ',', ';', '!', '?', '.']) && !gap.trim_end().ends_with(':') && gap.trim() != "." {
        return Cue::None;
    }
    let two = at.checked_sub(2).and_then(|at| tokens.get(at)).map_or("", |token| page.view.canon_of(token));
    strength(page.view.canon_of(previous), two)
}

/// `📍` or `#` before a name.
fn mark_before(page: &Page, from: u32, until: u32) -> Cue {
    let gap = page.view.raw.get(from as usize..until as usize).unwrap_or("");
    let near = gap.rsplit('\n').next().unwrap_or("").trim_end();
    if near.ends_with(['📍', '🏠', '🏢', '#', '→', '✈']) || near.ends_with("✈\u{fe0f}") {
        Cue::Strong
    } else {
        Cue::None
    }
}

fn strength(word: &str, before: &str) -> Cue {
    match word {
        "ở" | "tại" | "đi" | "sang" | "qua" | "về" | "bên" | "từ" | "ra" | "vô" | "vào" | "lên" | "xuống" | "tới"
        | "đến" | "quê" | "tỉnh" | "huyện" | "quận" | "tp" | "xã" | "phường" | "khu" | "kcn" | "kcx" | "kv" | "bến"
        | "bãi" | "chợ" | "gần" | "sát" | "giáp" | "dưới" | "vùng" | "miền" | "đảo" | "biển" | "thành" | "viện"
        | "bv" | "sân" | "nước" | "tuyến" | "bay" | "vé" | "người" | "gốc" | "chồng" | "khẩu" | "cảng" | "trấn"
        | "location" | "in" | "at" | "to" | "from" | "quanh" | "giữa" | "khắp" | "công" | "phòng" | "nhánh"
        | "visa" | "lịch" | "học" | "trường" | "đường" | "ấp" | "thôn" | "bản" | "đặc" | "kinh" | "hướng" | "phố"
        | "đón" | "phát" | "trở" | "nhóm" | "hội" | "ktx" | "cụm" | "nghiệp" | "nghiep" | "dưỡng" | "cao" | "o"
        | "tai" | "di" | "ve" | "ben" | "tu" | "vo" | "vao" | "len" | "xuong" | "den" | "que" | "tinh" | "huyen"
        | "gan" | "cho" | "ben-xe" | "bv." | "vien" | "o-tai" | "duoi" | "dao" | "bien" | "xa" | "phuong" | "khau"
        | "nuoc" | "chong" | "ve-que" | "don" | "xe" | "an" | "toi" | "phat" => weak_without_marks(word, before),
        "quán" | "kho" | "xưởng" | "cty" | "ty" | "shop" | "salon" | "nhà" | "hàng" | "trại" | "spa" | "karaoke"
        | "resort" | "hãng" | "máy" | "may" | "dân" | "em" | "con" | "vựa" | "tiệm" | "nail" | "quan" | "trai"
        | "hang" | "tiem" | "sinh" | "vien-chuc" | "csgt" | "ca" | "ban" => Cue::Venue,
        _ => Cue::None,
    }
}

/// Unmarked words that are cues only in some company.
fn weak_without_marks(word: &str, before: &str) -> Cue {
    let holds = match word {
        "công" | "cao" => false,
        "an" => before == "cong" || before == "công",
        "phố" => before == "thành",
        "thành" => true,
        "học" => before == "du" || before == "đại",
        "cho" => false,
        _ => true,
    };
    if holds { Cue::Strong } else { Cue::None }
}

/// Names of one syllable that are also names of persons or plain words: never in small letters.
pub(super) fn needs_capital(short: &str) -> bool {
    matches!(short, "anh" | "duc" | "y" | "ao" | "ma" | "trung" | "phi" | "nga" | "me" | "mien" | "phap")
}

/// Names that without marks read as a slang name with a verb.
pub(super) fn is_slang_and_verb(short: &str) -> bool {
    matches!(short, "camlam" | "camle")
}

/// Words that behind or before a slang name make another word of it.
pub(super) fn makes_other_word(short: &str, before: &str, after: &str) -> bool {
    match short {
        "cam" => {
            matches!(
                after,
                "ket" | "doan" | "sanh" | "thao" | "tam" | "go" | "xoan" | "on" | "ranh" | "tuc" | "vat" | "chanh"
            ) || matches!(before, "quả" | "trái" | "nước" | "màu" | "vườn" | "cây" | "ăn" | "hái")
        }
        "thai" => matches!(after, "do" | "qua" | "binh" | "nguyen" | "tu" | "hau" | "cuc" | "san" | "nghen" | "ky"),
        "han" => matches!(after, "gan" | "xi" | "the" | "mac" | "co" | "dien"),
        "dai" => {
            matches!(after, "phat" | "truyen" | "hinh" | "tieng" | "han" | "hoc" | "ly" | "dien") || before == "tổng"
        }
        "ma" => matches!(after, "so" | "otp" | "don" | "qr" | "nay" | "vach" | "loi"),
        "phi" => matches!(after, "vu" | "cong" | "phap" | "ly" | "hanh"),
        "nhat" => matches!(after, "ky" | "trinh" | "bao" | "thuc"),
        "trung" => matches!(
            after,
            "tam" | "binh" | "thanh" | "hoc" | "cap" | "uong" | "gian" | "nien" | "thu" | "dong" | "son"
        ),
        "y" => matches!(after, "kien" | "ta" | "te" | "nghia" | "minh" | "dinh"),
        "my" => matches!(after, "pham" | "thuat" | "vien"),
        "anh" => matches!(after, "em" | "chi" | "oi" | "a" | "huong" | "nhe" | "trai" | "ho"),
        "lao" => {
            matches!(before, "dép" | "zép" | "giép" | "dep" | "zep" | "giep") || matches!(after, "dong" | "cong" | "ai")
        }
        "nga" => matches!(after, "ba" | "tu" | "nam" | "bay"),
        "duc" => matches!(after, "hoa" | "trong" | "tinh" | "phuc"),
        "phap" => matches!(after, "luat" | "ly" | "van"),
        "uc" => false,
        "ao" => matches!(after, "quan" | "mua" | "khoac" | "dai" | "thun"),
        _ => false,
    }
}

/// Whether the words before take a name of one syllable as a destination.
pub(super) fn goes_to_slang(page: &Page, at: usize, cue: Cue, proper: bool) -> bool {
    if cue == Cue::List {
        return true;
    }
    let before =
        at.checked_sub(1).and_then(|at| page.view.tokens.get(at)).map_or("", |token| page.view.canon_of(token));
    match before {
        "sang" | "qua" | "đi" | "bên" | "ở" | "về" | "tới" | "đến" | "chồng" | "di" | "ben" | "ve" | "den" | "o" => {
            true
        }
        "từ" | "nước" | "visa" | "tuyến" | "đường" | "khách" | "phát" | "trường" | "học" | "tại" | "vào" | "họp"
        | "vợ" | "khẩu" | "lịch" | "bay" | "xklđ" | "động" | "vé" | "cty" | "dưỡng" | "giữa" | "làm" => {
            proper || cue == Cue::Strong && before != "làm"
        }
        _ => {
            // `Berlin (Đức)`
            let start = page.view.tokens.get(at).map_or(0, |token| token.span.start as usize);
            proper && start > 0 && page.view.raw.as_bytes().get(start - 1) == Some(&b'(')
        }
    }
}
