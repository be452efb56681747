//! The text of an element as a reader sees it: blocks on lines of their own, white space folded.
//!
//! Gluing text nodes would join words across blocks ("Tuyển gấpTuyển nhân viên"), so every block boundary and `<br>`
//! breaks the line.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];
const SILENT: &[&str] = &["head", "noscript", "script", "style", "template", "title", "svg", "iframe", "object"];

/// The text of `element`, without the subtrees in `dropped`.
pub fn block_text(element: ElementRef<'_>, dropped: &[NodeId]) -> String {
    let mut out = Lines::default();
    let mut silent: Option<NodeId> = None;
    let mut verbatim = 0_u32;
    for edge in element.traverse() {
        match edge {
            Edge::Open(node) => {
                if silent.is_some() {
                    continue;
                }
                match node.value() {
                    Node::Text(text) => out.push(text, verbatim > 0),
                    Node::Element(tag) => {
                        let name = tag.name();
                        let is_self = node.id() == element.id();
                        if dropped.contains(&node.id()) || (!is_self && SILENT.contains(&name)) {
                            silent = Some(node.id());
                            continue;
                        }
                        if name == "br" {
                            out.line_break();
                        } else if name == "img" {
                            tag.attr("alt")
                                .filter(|alt| is_pictograph(alt))
                                .into_iter()
                                .for_each(|alt| out.push(alt, false));
                        } else if BLOCKS.contains(&name) {
                            out.block();
                        } else if name == "td" || name == "th" {
                            out.push(" ", false);
                        }
                        verbatim += u32::from(matches!(name, "pre" | "textarea"));
                    }
                    _ => {}
                }
            }
            Edge::Close(node) => {
                let Node::Element(tag) = node.value() else { continue };
                if silent == Some(node.id()) {
                    silent = None;
                    if BLOCKS.contains(&tag.name()) {
                        out.block();
                    }
                    continue;
                }
                if silent.is_some() {
                    continue;
                }
                if BLOCKS.contains(&tag.name()) {
                    out.block();
                }
                verbatim -= u32::from(matches!(tag.name(), "pre" | "textarea"));
            }
        }
    }
    out.finish()
}

/// The text of a piece of HTML, or the text as it stands when it holds no markup.
pub fn text_of_markup(text: &str) -> String {
    let first = if looks_like_markup(text) { once(text) } else { return text.trim().to_owned() };
    // Some software escapes its markup twice (JSON-LD descriptions, old feeds).
    let had_tags = text.contains('<') && looks_like_tag(text);
    if !had_tags && looks_like_tag(&first) { once(&first) } else { first }
}

fn once(text: &str) -> String {
    let fragment = scraper::Html::parse_fragment(text);
    block_text(fragment.root_element(), &[])
}

fn looks_like_tag(text: &str) -> bool {
    text.split('<').skip(1).any(|after| {
        let name = after.strip_prefix('/').unwrap_or(after);
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') && after.contains('>')
    })
}

fn looks_like_markup(text: &str) -> bool {
    looks_like_tag(text)
        || text.split('&').skip(1).any(|after| {
            after.split_once(';').is_some_and(|(name, _)| {
                (1..=10).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '#')
            })
        })
}

/// Emoji are often pictures whose `alt` is the emoji itself.
fn is_pictograph(alt: &str) -> bool {
    !alt.is_empty()
        && alt.chars().count() <= 8
        && alt.chars().all(|c| c as u32 >= 0x2000 || c == '\u{a9}' || c == '\u{ae}')
}

#[derive(Default)]
struct Lines {
    out: String,
    pending_space: bool,
    pending_breaks: u8,
}

impl Lines {
    fn push(&mut self, text: &str, verbatim: bool) {
        for c in text.chars() {
            if verbatim && c == '\n' {
                self.line_break();
            } else if c.is_whitespace() {
                self.pending_space = true;
            } else {
                if self.pending_breaks > 0 {
                    if !self.out.is_empty() {
                        (0..self.pending_breaks).for_each(|_| self.out.push('\n'));
                    }
                } else if self.pending_space && !self.out.is_empty() {
                    self.out.push(' ');
                }
                (self.pending_breaks, self.pending_space) = (0, false);
                self.out.push(c);
            }
        }
    }

    fn line_break(&mut self) {
        self.pending_breaks = (self.pending_breaks + 1).min(2);
    }

    fn block(&mut self) {
        self.pending_breaks = self.pending_breaks.max(1);
    }

    fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_break_lines_and_space_folds() {
        let cases = [
            ("<div>Tuyển gấp</div><div>Tuyển  nhân\n viên</div>", "Tuyển gấp\nTuyển nhân viên"),
            ("a<br>b<br><br>c", "a\nb\n\nc"),
            ("<p>x <b>y</b>z</p><script>1</script>", "x yz"),
            ("Việc &amp; lương", "Việc & lương"),
            ("&lt;p&gt;một&lt;/p&gt;&lt;p&gt;hai&lt;/p&gt;", "một\nhai"),
            ("chữ < 3\nkhông phải thẻ", "chữ < 3\nkhông phải thẻ"),
            ("<p>ok <img alt='👍'> <img alt='ảnh'></p>", "ok 👍"),
        ];
        for (markup, expected) in cases {
            assert_eq!(text_of_markup(markup), expected, "{markup}");
        }
    }
}
