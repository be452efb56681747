//! The query language of the search box.
//!
//! | written | meaning |
//! |---|---|
//! | `việc nhẹ` | both words, anywhere |
//! | `"việc nhẹ"` | the words in this order; `"việc nhẹ"~3` lets three others stand between |
//! | `than` | any marking; `thận` finds itself and the unmarked form, never another marking |
//! | `~thận` | any marking |
//! | `=than` | exactly unmarked |
//! | `tuyen*` | words that begin so, marks ignored |
//! | `-từ`, `KHÔNG`, `NOT` | without |
//! | `HOẶC`, `OR`; `VÀ`, `AND`; `( )` | boolean, words in capitals |
//! | `phone:0901000123`, `contact:@hr_mau`, `place:KH`, `family:organ_trade`, `source:forum`, `points:>80` | fields |
//!
//! Parsing never panics; an error names the column and a fix.

use text::Token;

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub(crate) root: Node,
}

/// What cannot be read, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cột {column}: {message} {fix}")]
pub struct QueryError {
    /// Column of the query, in characters, from 1.
    pub column: usize,
    /// What is wrong, in Vietnamese.
    pub message: String,
    /// What to write instead, in Vietnamese.
    pub fix: String,
}

/// How the marks of a query word are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// A bare word finds every marking; a marked one finds itself and the bare form.
    Asymmetric,
    /// `~`: any marking.
    Any,
    /// `=`: exactly as written.
    Exact,
}

/// One word of a query.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub exact: String,
    pub folded: String,
    pub marks: Marks,
}

impl Word {
    /// Whether the word itself carries no mark.
    pub fn is_bare(&self) -> bool {
        self.exact == self.folded
    }

    /// Whether a token of a post is what this word asks for.
    pub fn accepts(&self, token: &Token) -> bool {
        match self.marks {
            Marks::Exact => token.exact == text::syllable_id(&self.exact),
            Marks::Any => token.folded == text::syllable_id(&self.folded),
            Marks::Asymmetric if self.is_bare() => token.folded == text::syllable_id(&self.folded),
            Marks::Asymmetric => {
                token.exact == text::syllable_id(&self.exact) || token.exact == text::syllable_id(&self.folded)
            }
        }
    }
}

/// A field that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Contact,
    Place,
    Family,
    Source,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Everything,
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Phrase { words: Vec<Word>, slop: u32 },
    Prefix(String),
    Asked { field: Asked, value: String },
    Points { low: i64, high: i64 },
}

impl Query {
    /// Reads a query. `fold_all` is the one-click switch that ignores all marks.
    pub fn parse(input: &str, fold_all: bool) -> Result<Query, QueryError> {
        let mut parser = Parser { pieces: pieces(input)?, at: 0, fold_all };
        if parser.pieces.is_empty() {
            return Ok(Query { root: Node::Everything });
        }
        let root = parser.any_of()?;
        match parser.pieces.get(parser.at) {
            None => Ok(Query { root }),
            Some(extra) => Err(error(extra.column, "thừa dấu `)`.", "Bỏ dấu này, hoặc thêm `(` ở trước.")),
        }
    }

    /// How the query was read, in Vietnamese words, for the line under the search box.
    pub fn words(&self) -> String {
        self.root.words()
    }
}

impl Node {
    fn words(&self) -> String {
        match self {
            Node::Everything => "mọi bài".into(),
            Node::All(nodes) => join(nodes, " và "),
            Node::Any(nodes) => format!("({})", join(nodes, " hoặc ")),
            Node::Not(node) => format!("không có {}", node.words()),
            Node::Phrase { words, slop } => {
                let text: Vec<&str> = words.iter().map(|word| word.exact.as_str()).collect();
                let quoted = format!("“{}”", text.join(" "));
                let marks = match words.iter().all(|word| word.marks == Marks::Exact) {
                    true => " (đúng từng dấu)",
                    false if words.iter().all(|word| word.is_bare() || word.marks == Marks::Any) => {
                        " (mọi cách bỏ dấu)"
                    }
                    false => " (đúng dấu hoặc không dấu)",
                };
                let near = if *slop > 0 { format!(", cách nhau tối đa {slop} âm tiết") } else { String::new() };
                format!("{quoted}{marks}{near}")
            }
            Node::Prefix(prefix) => format!("từ bắt đầu bằng “{prefix}” (bỏ dấu)"),
            Node::Asked { field, value } => match field {
                Asked::Contact => format!("liên hệ {value}"),
                Asked::Place => format!("nơi {value}"),
                Asked::Family => format!("nhóm {value}"),
                Asked::Source => format!("nguồn {value}"),
            },
            Node::Points { low, high } => match (*low, *high) {
                (low, i64::MAX) => format!("từ {low} điểm"),
                (i64::MIN, high) => format!("đến {high} điểm"),
                (low, high) => format!("từ {low} đến {high} điểm"),
            },
        }
    }
}

fn join(nodes: &[Node], between: &str) -> String {
    nodes.iter().map(Node::words).collect::<Vec<_>>().join(between)
}

fn error(column: usize, message: &str, fix: &str) -> QueryError {
    QueryError { column, message: message.into(), fix: fix.into() }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Open,
    Close,
    Minus,
    Or,
    And,
    Not,
    Quoted { text: String, slop: u32 },
    Bare(String),
}

#[derive(Clone, Debug, PartialEq)]
struct Piece {
    column: usize,
    kind: Kind,
}

/// Cuts the input into pieces. Curly quotes count as straight ones, as phones type them.
fn pieces(input: &str) -> Result<Vec<Piece>, QueryError> {
    let chars: Vec<char> = input.chars().collect();
    let is_quote = |c: char| matches!(c, '"' | '“' | '”');
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (column, c) = (at + 1, chars[at]);
        let mut push = |kind| pieces.push(Piece { column, kind });
        if c.is_whitespace() {
            at += 1;
        } else if c == '(' || c == ')' {
            push(if c == '(' { Kind::Open } else { Kind::Close });
            at += 1;
        } else if c == '-' && chars.get(at + 1).is_some_and(|next| !next.is_whitespace()) {
            push(Kind::Minus);
            at += 1;
        } else if is_quote(c) {
            let Some(length) = chars[at + 1..].iter().position(|c| is_quote(*c)) else {
                return Err(error(column, "thiếu dấu ngoặc kép đóng.", "Thêm `\"` ở cuối cụm từ."));
            };
            let text = chars[at + 1..at + 1 + length].iter().collect();
            at += length + 2;
            let mut digits = String::new();
            if chars.get(at) == Some(&'~') {
                at += 1;
                while let Some(digit) = chars.get(at).filter(|c| c.is_ascii_digit()) {
                    digits.push(*digit);
                    at += 1;
                }
                if digits.is_empty() {
                    return Err(error(at + 1, "sau `~` cần một số.", "Ví dụ: \"việc nhẹ\"~3."));
                }
            }
            let slop = digits.parse::<u32>().unwrap_or(0).min(50);
            push(Kind::Quoted { text, slop });
        } else {
            let length = chars[at..]
                .iter()
                .position(|c| c.is_whitespace() || matches!(c, '(' | ')') || is_quote(*c))
                .unwrap_or(chars.len() - at);
            let word: String = chars[at..at + length].iter().collect();
            push(match word.as_str() {
                "OR" | "HOẶC" => Kind::Or,
                "AND" | "VÀ" => Kind::And,
                "NOT" | "KHÔNG" => Kind::Not,
                _ => Kind::Bare(word),
            });
            at += length;
        }
    }
    Ok(pieces)
}

struct Parser {
    pieces: Vec<Piece>,
    at: usize,
    fold_all: bool,
}

/// Deeper nesting than any person writes; keeps hostile input from exhausting the stack.
const DEPTH_MAX: usize = 32;

impl Parser {
    fn any_of(&mut self) -> Result<Node, QueryError> {
        self.any_of_at(0)
    }

    fn any_of_at(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut nodes = vec![self.all_of(depth)?];
        while self.take(&Kind::Or) {
            nodes.push(self.all_of(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all_of(&mut self, depth: usize) -> Result<Node, QueryError> {
        let mut nodes = Vec::new();
        loop {
            while self.take(&Kind::And) {}
            match self.pieces.get(self.at).map(|piece| &piece.kind) {
                None | Some(Kind::Or | Kind::Close) => break,
                Some(_) => nodes.push(self.one(depth)?),
            }
        }
        match nodes.len() {
            0 => {
                let column = self.pieces.get(self.at).or(self.pieces.last()).map_or(1, |piece| piece.column);
                Err(error(column, "thiếu điều kiện.", "Thêm một từ, hoặc bỏ HOẶC, VÀ, KHÔNG và ngoặc thừa."))
            }
            1 => Ok(nodes.remove(0)),
            _ => Ok(Node::All(nodes)),
        }
    }

    fn one(&mut self, depth: usize) -> Result<Node, QueryError> {
        let Some(piece) = self.pieces.get(self.at).cloned() else {
            let column = self.pieces.last().map_or(1, |piece| piece.column);
            return Err(error(column, "sau dấu trừ cần một từ.", "Ví dụ: việc -cảnh báo."));
        };
        self.at += 1;
        if depth >= DEPTH_MAX {
            return Err(error(piece.column, "ngoặc lồng quá sâu.", "Viết gọn lại."));
        }
        match piece.kind {
            Kind::Open => {
                let node = self.any_of_at(depth + 1)?;
                if !self.take(&Kind::Close) {
                    return Err(error(piece.column, "ngoặc mở chưa được đóng.", "Thêm `)`."));
                }
                Ok(node)
            }
            Kind::Minus | Kind::Not => Ok(Node::Not(Box::new(self.one(depth + 1)?))),
            Kind::Quoted { text, slop } => self.phrase(&text, slop, Marks::Asymmetric, piece.column),
            Kind::Bare(word) => self.bare(&word, piece.column),
            Kind::Close | Kind::Or | Kind::And => {
                Err(error(piece.column, "thiếu điều kiện ở đây.", "Thêm một từ hoặc bỏ dấu thừa."))
            }
        }
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let found = self.pieces.get(self.at).is_some_and(|piece| piece.kind == *kind);
        self.at += usize::from(found);
        found
    }

    fn bare(&self, word: &str, column: usize) -> Result<Node, QueryError> {
        if let Some((name, value)) = word.split_once(':')
            && !value.starts_with("//")
        {
            return field(name, value, column);
        }
        if let Some(prefix) = word.strip_suffix('*') {
            let folded = text::fold(prefix);
            if folded.chars().count() < 2 || !folded.chars().all(char::is_alphanumeric) {
                return Err(error(column, "trước `*` cần ít nhất hai chữ cái.", "Ví dụ: tuyen*."));
            }
            return Ok(Node::Prefix(folded));
        }
        if let Some(rest) = word.strip_prefix('~') {
            return self.phrase(rest, 0, Marks::Any, column);
        }
        if let Some(rest) = word.strip_prefix('=') {
            return self.phrase(rest, 0, Marks::Exact, column);
        }
        self.phrase(word, 0, Marks::Asymmetric, column)
    }

    fn phrase(&self, text: &str, slop: u32, marks: Marks, column: usize) -> Result<Node, QueryError> {
        let marks = if self.fold_all { Marks::Any } else { marks };
        let view = text::read(None, text, None).text;
        let words: Vec<Word> = view
            .tokens
            .iter()
            .map(|token| Word { exact: view.canon_of(token).to_owned(), folded: view.fold_of(token).to_owned(), marks })
            .collect();
        if words.is_empty() {
            return Err(error(column, "không có chữ hay số nào để tìm.", "Viết một từ."));
        }
        Ok(Node::Phrase { words, slop })
    }
}

const FIELDS: &str = "phone, contact, place, family, source, points";

fn field(name: &str, value: &str, column: usize) -> Result<Node, QueryError> {
    if value.is_empty() {
        return Err(error(column, &format!("sau `{name}:` cần một giá trị."), "Ví dụ: phone:0901000123."));
    }
    let asked = |field, value: String| Ok(Node::Asked { field, value });
    match name {
        "phone" | "zalo" | "whatsapp" => asked(Asked::Contact, phone_value(value)),
        "contact" | "handle" | "telegram" | "facebook" | "tiktok" | "bank" | "url" | "email" => {
            asked(Asked::Contact, contact_value(value))
        }
        "place" => asked(Asked::Place, value.to_owned()),
        "family" => asked(Asked::Family, value.to_lowercase()),
        "source" => asked(Asked::Source, value.to_owned()),
        "points" => points(value, column),
        _ => Err(error(column, &format!("không có trường `{name}`."), &format!("Các trường: {FIELDS}."))),
    }
}

fn phone_value(value: &str) -> String {
    match value.strip_prefix('0') {
        Some(rest) if value.len() >= 9 && value.bytes().all(|b| b.is_ascii_digit()) => format!("+84{rest}"),
        _ => value.to_owned(),
    }
}

fn contact_value(value: &str) -> String {
    if value.starts_with('@') { value.to_lowercase() } else { phone_value(value) }
}

fn points(value: &str, column: usize) -> Result<Node, QueryError> {
    let number = |digits: &str| {
        digits.parse::<i32>().map(i64::from).map_err(|_| {
            error(column, "`points:` cần một số nguyên.", "Ví dụ: points:>80, points:<40 hoặc points:40..80.")
        })
    };
    let (low, high) = if let Some(rest) = value.strip_prefix('>') {
        (number(rest)? + 1, i64::MAX)
    } else if let Some(rest) = value.strip_prefix('<') {
        (i64::MIN, number(rest)? - 1)
    } else if let Some((low, high)) = value.split_once("..") {
        (number(low)?, number(high)?)
    } else {
        (number(value)?, number(value)?)
    };
    Ok(Node::Points { low, high })
}
