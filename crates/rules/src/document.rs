//! Reading TOML tables key by key, so that every mistake has its file and line.
//!
//! Invariant: no input makes these functions panic; what cannot be read becomes a [`Problem`] and is left out.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::problem::{Code, Problem, nearest};

/// A word and the line on which it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub text: String,
    pub line: u32,
}

/// One file being read, and the problems found so far.
pub(crate) struct Document<'a> {
    pub path: &'a str,
    line_starts: Vec<usize>,
    pub problems: &'a mut Vec<Problem>,
}

impl<'a> Document<'a> {
    pub fn new(path: &'a str, source: &str, problems: &'a mut Vec<Problem>) -> Self {
        let line_starts =
            std::iter::once(0).chain(source.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Document { path, line_starts: line_starts.collect(), problems }
    }

    pub fn line(&self, byte: usize) -> u32 {
        self.line_starts.partition_point(|start| *start <= byte) as u32
    }

    pub fn problem(&mut self, code: Code, line: u32, message: impl Into<String>) {
        self.suggest(code, line, message, None);
    }

    pub fn suggest(&mut self, code: Code, line: u32, message: impl Into<String>, suggestion: Option<String>) {
        self.problems.push(Problem { code, file: self.path.to_owned(), line, message: message.into(), suggestion });
    }

    /// Refuses every key that is not among `allowed`.
    pub fn only(&mut self, table: &DeTable<'_>, allowed: &[&str]) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !allowed.contains(&name) {
                let line = self.line(key.span().start);
                let suggestion = nearest(name, allowed.iter().copied())
                    .or_else(|| Some(format!("các khóa được dùng: {}", allowed.join(", "))));
                self.suggest(Code::UnknownKey, line, format!("Không có khóa `{name}` ở đây."), suggestion);
            }
        }
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let line = self.line(value.span().start);
        self.problem(Code::WrongType, line, format!("`{key}` phải là {wanted}."));
    }

    pub fn table<'t, 'i>(&mut self, key: &str, value: &'t Spanned<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(key, value, "một bảng");
        }
        table
    }

    pub fn string(&mut self, table: &DeTable<'_>, key: &str) -> Option<Written> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(Written { text: text.to_owned(), line: self.line(value.span().start) }),
            None => {
                self.wrong(key, value, "một chuỗi trong ngoặc kép");
                None
            }
        }
    }

    /// A list of strings; one string stands for a list of one.
    pub fn strings(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Written> {
        let Some(value) = table.get(key) else { return Vec::new() };
        if let Some(text) = value.get_ref().as_str() {
            return vec![Written { text: text.to_owned(), line: self.line(value.span().start) }];
        }
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(key, value, "một danh sách chuỗi");
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => found.push(Written { text: text.to_owned(), line: self.line(item.span().start) }),
                None => self.wrong(key, item, "một danh sách chuỗi"),
            }
        }
        found
    }

    pub fn integer_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<i64> {
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|n| i64::from_str_radix(&n.as_str().replace('_', ""), n.radix()).ok());
        if number.is_none() {
            self.wrong(key, value, "một số nguyên");
        }
        number
    }

    /// An integer between `low` and `high`, both allowed.
    pub fn integer(&mut self, table: &DeTable<'_>, key: &str, low: i64, high: i64) -> Option<i64> {
        let value = table.get(key)?;
        let number = self.integer_of(key, value)?;
        if (low..=high).contains(&number) {
            return Some(number);
        }
        let line = self.line(value.span().start);
        self.problem(Code::BadValue, line, format!("`{key}` phải từ {low} đến {high}."));
        None
    }

    pub fn number_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<f64> {
        if let Some(float) = value.get_ref().as_float()
            && let Ok(number) = float.as_str().replace('_', "").parse::<f64>()
            && number.is_finite()
        {
            return Some(number);
        }
        if value.get_ref().is_integer() {
            return self.integer_of(key, value).map(|n| n as f64);
        }
        self.wrong(key, value, "một số");
        None
    }

    pub fn boolean(&mut self, table: &DeTable<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(key, value, "true hoặc false");
        }
        found
    }
}
