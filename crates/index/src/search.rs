//! The index itself: schema, writer with watermark, search.

use std::ops::Bound;
use std::path::Path;
use std::sync::Mutex;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, EmptyQuery, Occur, PhraseQuery, Query as Ask, RangeQuery, RegexPhraseQuery,
    RegexQuery, TermQuery,
};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value,
};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{Index as Tantivy, IndexReader, IndexWriter, TantivyDocument, Term};

use crate::entry::Entry;
use crate::query::{Asked, Marks, Node, Query, Word};

/// What can go wrong with the index. It can always be rebuilt from the store.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index library refused; the folder may be damaged or full.
    #[error("the search index failed: {0}. `canhgiac index rebuild` builds it again from the store")]
    Tantivy(#[from] tantivy::TantivyError),
    /// The folder cannot be used.
    #[error("the search index folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// A writer stopped while it held the lock.
    #[error("the search index writer stopped; start the program again")]
    Stopped,
}

/// In which order hits come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Best match first: exact phrases, exact words, unmarked, folded.
    #[default]
    Relevance,
    /// Newest first.
    Time,
    /// Most points first.
    Points,
}

/// One hit; the store has the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The store's id of the post.
    pub post_id: String,
    /// Relevance; only its order means something.
    pub score: f32,
}

/// One page of hits.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The hits, in order.
    pub hits: Vec<Hit>,
    /// How many posts match in all.
    pub total: usize,
}

#[derive(Clone, Copy)]
struct Fields {
    post_id: Field,
    exact: Field,
    folded: Field,
    source: Field,
    family: Field,
    contact: Field,
    place: Field,
    points: Field,
    posted_at: Field,
}

/// The search index of one node.
pub struct Index {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

/// How often segments with erased posts are looked for, and how long a running merge is waited for each time.
const ERASE_TRIES: u32 = 200;
const ERASE_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// Memory of the writer before it starts a new segment.
const WRITER_BYTES: usize = 64 << 20;

/// The tokens come ready from the text crate, joined by single spaces; this only cuts them apart again.
#[derive(Clone, Default)]
struct BySpace {
    token: Token,
}

struct BySpaceStream<'a> {
    text: &'a str,
    token: &'a mut Token,
    at: usize,
}

impl Tokenizer for BySpace {
    type TokenStream<'a> = BySpaceStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> BySpaceStream<'a> {
        self.token.reset();
        BySpaceStream { text, token: &mut self.token, at: 0 }
    }
}

impl TokenStream for BySpaceStream<'_> {
    fn advance(&mut self) -> bool {
        if self.at >= self.text.len() {
            return false;
        }
        let rest = &self.text[self.at..];
        let length = rest.find(' ').unwrap_or(rest.len());
        self.token.offset_from = self.at;
        self.token.offset_to = self.at + length;
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(&rest[..length]);
        self.at += length + 1;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let tokens = TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer("by_space")
            .set_index_option(IndexRecordOption::WithFreqsAndPositions),
    );
    let fields = Fields {
        post_id: builder.add_text_field("post_id", STRING | STORED),
        exact: builder.add_text_field("x", tokens.clone()),
        folded: builder.add_text_field("f", tokens),
        source: builder.add_text_field("source", STRING),
        family: builder.add_text_field("family", STRING),
        contact: builder.add_text_field("contact", STRING),
        place: builder.add_text_field("place", STRING),
        points: builder.add_i64_field("points", INDEXED | FAST),
        posted_at: builder.add_i64_field("posted_at", FAST),
    };
    (builder.build(), fields)
}

impl Index {
    /// Opens the index in a folder, or creates it.
    pub fn open(folder: &Path) -> Result<Index, IndexError> {
        std::fs::create_dir_all(folder)?;
        let directory =
            tantivy::directory::MmapDirectory::open(folder).map_err(|error| IndexError::Tantivy(error.into()))?;
        Index::with(Tantivy::open_or_create(directory, schema().0)?)
    }

    /// An index that lives only as long as the process.
    pub fn in_memory() -> Result<Index, IndexError> {
        Index::with(Tantivy::create_in_ram(schema().0))
    }

    fn with(tantivy: Tantivy) -> Result<Index, IndexError> {
        tantivy.tokenizers().register("by_space", TextAnalyzer::builder(BySpace::default()).build());
        let writer = tantivy.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Index { fields: schema().1, reader: tantivy.reader()?, writer: Mutex::new(writer) })
    }

    /// The store sequence up to which everything is searchable.
    pub fn watermark(&self) -> Result<i64, IndexError> {
        let writer = self.writer.lock().map_err(|_| IndexError::Stopped)?;
        let payload = writer.index().load_metas()?.payload;
        Ok(payload.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Adds posts (or puts them in the place of their former selves) and commits them with the new watermark.
    pub fn follow<'a>(
        &self,
        entries: impl IntoIterator<Item = Entry<'a>>,
        watermark: i64,
    ) -> Result<usize, IndexError> {
        let mut writer = self.writer.lock().map_err(|_| IndexError::Stopped)?;
        let mut added = 0;
        for entry in entries {
            writer.delete_term(Term::from_field_text(self.fields.post_id, entry.post_id));
            writer.add_document(self.document(&entry))?;
            added += 1;
        }
        self.commit(&mut writer, watermark)?;
        Ok(added)
    }

    /// Takes erased posts out, words and all: segments that held them are written anew and their files removed. A
    /// post taken out otherwise stays in its segment until that one happens to be merged.
    pub fn erase<'a>(&self, post_ids: impl IntoIterator<Item = &'a str>) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().map_err(|_| IndexError::Stopped)?;
        let payload = writer.index().load_metas()?.payload;
        for post_id in post_ids {
            writer.delete_term(Term::from_field_text(self.fields.post_id, post_id));
        }
        self.commit(&mut writer, payload.and_then(|text| text.parse().ok()).unwrap_or(0))?;
        for _ in 0..ERASE_TRIES {
            let segments = writer.index().searchable_segment_metas()?;
            let holding: Vec<_> = segments.iter().filter(|segment| segment.num_deleted_docs() > 0).collect();
            if holding.is_empty() {
                writer.garbage_collect_files().wait()?;
                return Ok(());
            }
            for segment in holding {
                // A segment that is being merged already is refused; its successor is looked at in the next round.
                if writer.merge(&[segment.id()]).wait().is_err() {
                    std::thread::sleep(ERASE_PAUSE);
                }
            }
            self.reader.reload()?;
        }
        Err(IndexError::Stopped)
    }

    /// Empties the index, so that it follows the store from the beginning.
    pub fn clear(&self) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().map_err(|_| IndexError::Stopped)?;
        writer.delete_all_documents()?;
        self.commit(&mut writer, 0)
    }

    fn commit(&self, writer: &mut IndexWriter, watermark: i64) -> Result<(), IndexError> {
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&watermark.to_string());
        prepared.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    fn document(&self, entry: &Entry) -> TantivyDocument {
        let fields = &self.fields;
        let mut document = TantivyDocument::default();
        document.add_text(fields.post_id, entry.post_id);
        for view in entry.reading.title.iter().chain(std::iter::once(&entry.reading.text)) {
            document.add_text(fields.exact, &view.canon);
            document.add_text(fields.folded, &view.fold);
        }
        document.add_text(fields.source, entry.source);
        entry.families.iter().for_each(|family| document.add_text(fields.family, family));
        entry.contacts().for_each(|contact| document.add_text(fields.contact, contact));
        entry.places().for_each(|place| document.add_text(fields.place, place));
        document.add_i64(fields.points, entry.points);
        document.add_i64(fields.posted_at, entry.posted_at_ms);
        document
    }

    /// The best `limit` posts for a query.
    pub fn search(&self, query: &Query, order: Order, limit: usize) -> Result<Page, IndexError> {
        let searcher = self.reader.searcher();
        let ask = self.ask(&query.root);
        if limit == 0 {
            return Ok(Page { hits: Vec::new(), total: searcher.search(&ask, &Count)? });
        }
        let top = TopDocs::with_limit(limit);
        let (found, total) = match order {
            Order::Relevance => searcher.search(&ask, &(top.order_by_score(), Count))?,
            Order::Time | Order::Points => {
                let name = if order == Order::Time { "posted_at" } else { "points" };
                let by_field = top.order_by_fast_field::<i64>(name, tantivy::Order::Desc);
                let (found, total) = searcher.search(&ask, &(by_field, Count))?;
                (found.into_iter().map(|(_, address)| (0.0, address)).collect(), total)
            }
        };
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            let document: TantivyDocument = searcher.doc(address)?;
            let post_id = document.get_first(self.fields.post_id).and_then(|value| value.as_str());
            hits.extend(post_id.map(|post_id| Hit { post_id: post_id.to_owned(), score }));
        }
        Ok(Page { hits, total })
    }

    fn ask(&self, node: &Node) -> Box<dyn Ask> {
        let fields = &self.fields;
        let string = |field, value: &str| -> Box<dyn Ask> {
            Box::new(TermQuery::new(Term::from_field_text(field, value), IndexRecordOption::Basic))
        };
        match node {
            Node::Everything => Box::new(AllQuery),
            Node::All(nodes) => {
                let mut clauses: Vec<_> = nodes.iter().map(|node| self.clause(node)).collect();
                if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
                    clauses.push((Occur::Must, Box::new(AllQuery)));
                }
                Box::new(BooleanQuery::new(clauses))
            }
            Node::Any(nodes) => {
                Box::new(BooleanQuery::new(nodes.iter().map(|node| (Occur::Should, self.ask(node))).collect()))
            }
            Node::Not(node) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery) as Box<dyn Ask>),
                (Occur::MustNot, self.ask(node)),
            ])),
            Node::Phrase { words, slop } => match words.as_slice() {
                [word] => self.word(word),
                words => self.phrase(words, *slop),
            },
            Node::Prefix(prefix) => self.regex(fields.folded, &format!("{}.*", escape(prefix))),
            Node::Asked { field, value } => match field {
                Asked::Contact => string(fields.contact, value),
                Asked::Place => string(fields.place, value),
                Asked::Family => string(fields.family, value),
                Asked::Source => string(fields.source, value),
            },
            Node::Points { low, high } => Box::new(RangeQuery::new(
                Bound::Included(Term::from_field_i64(fields.points, *low)),
                Bound::Included(Term::from_field_i64(fields.points, *high)),
            )),
        }
    }

    fn clause(&self, node: &Node) -> (Occur, Box<dyn Ask>) {
        match node {
            Node::Not(inner) => (Occur::MustNot, self.ask(inner)),
            other => (Occur::Must, self.ask(other)),
        }
    }

    /// Exact ranks first, then the unmarked form, then any other marking.
    fn word(&self, word: &Word) -> Box<dyn Ask> {
        let term = |field, text: &str, boost: f32| -> (Occur, Box<dyn Ask>) {
            let query = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost)))
        };
        let mut clauses = vec![term(self.fields.exact, &word.exact, 4.0)];
        match word.marks {
            Marks::Exact => {}
            Marks::Asymmetric if !word.is_bare() => clauses.push(term(self.fields.exact, &word.folded, 1.5)),
            Marks::Asymmetric | Marks::Any => clauses.push(term(self.fields.folded, &word.folded, 0.3)),
        }
        Box::new(BooleanQuery::new(clauses))
    }

    fn phrase(&self, words: &[Word], slop: u32) -> Box<dyn Ask> {
        let plain = |field, pick: fn(&Word) -> &str, boost: f32| -> (Occur, Box<dyn Ask>) {
            let terms = words.iter().map(|word| Term::from_field_text(field, pick(word))).collect();
            let mut query = PhraseQuery::new(terms);
            query.set_slop(slop);
            (Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost)))
        };
        let mut clauses = vec![plain(self.fields.exact, |word| &word.exact, 6.0)];
        let any_marking = |word: &Word| match word.marks {
            Marks::Any => true,
            Marks::Asymmetric => word.is_bare(),
            Marks::Exact => false,
        };
        if words.iter().all(any_marking) {
            clauses.push(plain(self.fields.folded, |word| &word.folded, 0.3));
        } else if words.iter().any(|word| word.marks != Marks::Exact) {
            let patterns = words.iter().map(|word| pattern(word, any_marking(word))).collect();
            let mut query = RegexPhraseQuery::new(self.fields.exact, patterns);
            query.set_slop(slop);
            clauses.push((Occur::Should, Box::new(query)));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    fn regex(&self, field: Field, pattern: &str) -> Box<dyn Ask> {
        match RegexQuery::from_pattern(pattern, field) {
            Ok(query) => Box::new(query),
            // A pattern that we built from escaped text is always valid; an empty answer is the honest fallback.
            Err(_) => Box::new(EmptyQuery),
        }
    }
}

/// The forms in the exact field that a word accepts at its place in a phrase.
fn pattern(word: &Word, any_marking: bool) -> String {
    if any_marking {
        return word.folded.chars().map(any_mark_of).collect();
    }
    match word.marks {
        Marks::Asymmetric => format!("({}|{})", escape(&word.exact), escape(&word.folded)),
        Marks::Exact | Marks::Any => escape(&word.exact),
    }
}

fn any_mark_of(letter: char) -> String {
    match letter {
        'a' => "[aàáảãạăằắẳẵặâầấẩẫậ]".into(),
        'd' => "[dđ]".into(),
        'e' => "[eèéẻẽẹêềếểễệ]".into(),
        'i' => "[iìíỉĩị]".into(),
        'o' => "[oòóỏõọôồốổỗộơờớởỡợ]".into(),
        'u' => "[uùúủũụưừứửữự]".into(),
        'y' => "[yỳýỷỹỵ]".into(),
        other => escape(other.encode_utf8(&mut [0; 4])),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTS: &[(&str, &str)] = &[
        ("marked", "Tuyển người bán thận gấp"),
        ("bare", "tuyen nguoi ban than gap"),
        ("other", "bạn thân của tôi"),
        ("job", "việc nhẹ nhàng, lương ổn"),
    ];

    fn filled() -> Index {
        let index = Index::in_memory().unwrap();
        let readings: Vec<_> = POSTS.iter().map(|(_, body)| text::read(None, body, None)).collect();
        let entries = POSTS.iter().zip(&readings).enumerate().map(|(i, ((id, _), reading))| Entry {
            post_id: id,
            source: "test",
            posted_at_ms: i as i64,
            points: i as i64 * 10,
            families: &[],
            reading,
        });
        assert_eq!(index.follow(entries, 7).unwrap(), POSTS.len());
        index
    }

    fn found(index: &Index, query: &str) -> Vec<String> {
        let query = Query::parse(query, false).unwrap();
        let page = index.search(&query, Order::Relevance, 10).unwrap();
        // The single-post evaluator must agree with the index on every post.
        for (i, (id, body)) in POSTS.iter().enumerate() {
            let reading = text::read(None, body, None);
            let entry = Entry {
                post_id: id,
                source: "test",
                posted_at_ms: i as i64,
                points: i as i64 * 10,
                families: &[],
                reading: &reading,
            };
            assert_eq!(query.matches(&entry), page.hits.iter().any(|hit| hit.post_id == *id), "{query:?} on {id}");
        }
        page.hits.into_iter().map(|hit| hit.post_id).collect()
    }

    #[test]
    fn marks_are_asymmetric() {
        let index = filled();
        assert_eq!(found(&index, "thận"), ["marked", "bare"]);
        let mut any = found(&index, "than");
        assert_eq!(any.remove(0), "bare");
        any.sort();
        assert_eq!(any, ["marked", "other"]);
        assert_eq!(found(&index, "=than"), ["bare"]);
        assert_eq!(found(&index, "~thận").len(), 3);
    }

    #[test]
    fn phrases_prefixes_and_booleans() {
        let index = filled();
        assert_eq!(found(&index, "\"bán thận\""), ["marked", "bare"]);
        assert_eq!(found(&index, "\"ban thận\"").len(), 2);
        assert_eq!(found(&index, "\"bán gấp\""), Vec::<String>::new());
        assert_eq!(found(&index, "\"bán gấp\"~1"), ["marked", "bare"]);
        assert_eq!(found(&index, "tuy*").len(), 2);
        assert_eq!(found(&index, "than -gấp"), ["other"]);
        assert_eq!(found(&index, "lương HOẶC gấp").len(), 3);
        assert_eq!(found(&index, "points:>10").len(), 2);
        assert_eq!(found(&index, "").len(), 4);
    }

    #[test]
    fn watermark_and_upsert() {
        let index = filled();
        assert_eq!(index.watermark().unwrap(), 7);
        let reading = text::read(None, "chuyện khác", None);
        let entry =
            Entry { post_id: "job", source: "test", posted_at_ms: 9, points: 0, families: &[], reading: &reading };
        index.follow([entry], 8).unwrap();
        assert_eq!(index.watermark().unwrap(), 8);
        let query = Query::parse("lương", false).unwrap();
        assert_eq!(index.search(&query, Order::Time, 10).unwrap().total, 0);
        index.clear().unwrap();
        assert_eq!(index.watermark().unwrap(), 0);
    }

    #[test]
    fn an_erased_post_leaves_no_word_in_any_file() {
        let folder = std::env::temp_dir().join(format!("canhgiac-index-{}", std::process::id()));
        let index = Index::open(&folder).unwrap();
        let readings: Vec<_> =
            (0..60).map(|n| text::read(None, &format!("bài chung số {}", 70_000 + n), None)).collect();
        for (n, chunk) in readings.chunks(10).enumerate() {
            let ids: Vec<String> = (0..chunk.len()).map(|i| format!("p{}", n * 10 + i)).collect();
            let entries = chunk.iter().zip(&ids).map(|(reading, id)| Entry {
                post_id: id,
                source: "test",
                posted_at_ms: 0,
                points: 0,
                families: &[],
                reading,
            });
            index.follow(entries, n as i64).unwrap();
        }
        // The dictionary of terms is an automaton that shares beginnings and ends: a word is asked of each one, and no
        // file may be left of a segment that is no longer part of the index.
        let holds = |word: &str| {
            let searcher = index.reader.searcher();
            let mut files: Vec<String> = std::fs::read_dir(&folder)
                .unwrap()
                .flatten()
                .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".term").map(str::to_owned))
                .collect();
            let mut live: Vec<String> =
                searcher.segment_readers().iter().map(|segment| segment.segment_id().uuid_string()).collect();
            files.sort();
            live.sort();
            assert_eq!(files, live);
            searcher.segment_readers().iter().any(|segment| {
                searcher.schema().fields().filter(|(_, entry)| entry.is_indexed()).any(|(field, _)| {
                    let inverted = segment.inverted_index(field).unwrap();
                    let mut terms = inverted.terms().stream().unwrap();
                    let mut found = false;
                    while let Some((term, _)) = terms.next() {
                        found |= String::from_utf8_lossy(term).contains(word);
                    }
                    found
                })
            })
        };
        for word in ["70017", "p17", "70059", "p59"] {
            assert!(holds(word), "the test sees {word}");
        }
        index.erase(["p17", "p3", "p59"]).unwrap();
        for word in ["70017", "p17", "70059", "p59"] {
            assert!(!holds(word), "{word}");
        }
        assert_eq!(index.watermark().unwrap(), 5, "the place in the store is kept");
        let all = index.search(&Query::parse("chung", false).unwrap(), Order::Time, 100).unwrap();
        assert_eq!(all.total, 57);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn errors_name_the_column() {
        for (query, column) in
            [("việc \"nhẹ", 6), ("(việc", 1), ("việc HOẶC", 6), ("mầu:x", 1), ("a ) b", 3), ("points:x", 1)]
        {
            assert_eq!(Query::parse(query, false).unwrap_err().column, column, "{query}");
        }
    }
}
