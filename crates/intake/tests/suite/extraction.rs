//! Pages to posts: every shipped source against its saved pages, and the finer points of the language.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use intake::Source;
use intake::extract::{Page, PageResult, Role, extract};
use intake::source::check::{check, check_fixtures};
use url::Url;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_shipped_source_is_sound_and_reads_its_saved_pages() {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(root().join("sources")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    assert!(files.len() >= 9);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let source = check(&text, &file.display().to_string()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(Some(source.id.as_str()), file.file_stem().and_then(|stem| stem.to_str()));
        let problems = check_fixtures(&source, &root().join("tests/pages"));
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

#[test]
fn a_fixture_that_differs_is_told() {
    let text = std::fs::read_to_string(root().join("sources/telegram.toml")).unwrap();
    let wrong = text.replace("author = \".tgme_widget_message_owner_name | text\"", "author = \".khong_co | text\"");
    let problems = check_fixtures(&check(&wrong, "t").unwrap(), &root().join("tests/pages"));
    assert!(problems.iter().any(|problem| problem.message.contains("posts[0].author")), "{problems:?}");
}

fn source(kind: &str, rest: &str) -> Source {
    let text = format!(
        "id = \"s\"\nkind = \"{kind}\"\n[access]\nbasis = \"open\"\n[walk]\nstart = \"https://a.example/l?page=1\"\n{rest}"
    );
    check(&text, "s.toml").unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn read_at(source: &Source, role: Role, address: &str, text: &str, thread: Option<&str>) -> PageResult {
    let url = Url::parse(address).unwrap();
    let root = Url::parse("https://a.example/l?page=1").unwrap();
    let root = if role == Role::Start { root } else { url.clone() };
    let page = Page {
        url: &url,
        text,
        media_type: "",
        role,
        root: &root,
        fetched_at_ms: 1_795_480_920_000,
        first_seen_ms: 1_795_000_000_000,
        lastmod_ms: None,
        thread,
        noindex: false,
    };
    extract(source, &page)
}

fn read(source: &Source, role: Role, text: &str) -> PageResult {
    read_at(source, role, "https://a.example/l?page=1", text, None)
}

#[test]
fn replies_belong_to_the_item_of_their_page_and_inherit_no_title() {
    let source = source(
        "html",
        "[item]\nrows = \"article\"\nid = \"@id\"\ntitle = \"h2\"\ntext = \".body | text\"\nnext = \"a.next @href\"\n[replies]\nrows = \"li.comment\"\nid = \"@id\"\ntext = \".body | text\"\nreply_to = \"@data-parent\"\n[expect]\nfields = [\"id\", \"title\"]\n",
    );
    let html = "<article id=a1><h2>Bài</h2><div class=body>Nội dung</div><ul><li class=comment id=c1><div class=body>Một</div><ul><li class=comment id=c2 data-parent=c1><div class=body>Hai</div></ul></ul></article><a class=next href='?cp=2'>Sau</a>";
    let result = read_at(&source, Role::Detail, "https://a.example/b", html, None);
    let told: Vec<_> = result
        .items
        .iter()
        .map(|it| (it.id.as_str(), it.text.as_str(), it.title.as_deref(), it.thread.as_deref(), it.reply_to.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("a1", "Nội dung", Some("Bài"), None, None),
            ("c1", "Một", None, Some("a1"), None),
            ("c2", "Hai", None, Some("a1"), Some("c1"))
        ]
    );
    assert_eq!(result.next.as_deref(), Some("https://a.example/b?cp=2"));
    // A later page shows only comments; a page without replies is no error.
    let later = "<div><article id=a1><h2>Bài</h2><div class=body>Nội dung</div></article><li class=comment id=c3><div class=body>Ba</div></div>";
    assert_eq!(
        read_at(&source, Role::Detail, "https://a.example/b?cp=2", later, Some("a1")).items[1].thread.as_deref(),
        Some("a1")
    );
    assert!(read(&source, Role::Start, "<article id=a2><h2>x</h2><p class=body>y</article>").problems.is_empty());
}

#[test]
fn what_a_nested_row_says_is_not_said_by_the_row_around_it() {
    let source = source("html", "[item]\nrows = \"div.c\"\nid = \"@id\"\ntext = \".t | text\"\nauthor = \".a\"\n");
    let html = "<div class=c id=1><span class=a>An</span><div class=c id=2><span class=a>Bình</span><p class=t>con</p></div></div>";
    let result = read(&source, Role::Start, html);
    let told: Vec<_> = result.items.iter().map(|it| (it.id.as_str(), it.text.as_str())).collect();
    assert_eq!(told, [("2", "con")], "the slot of a removed post must not take its child's text");
}

#[test]
fn counted_pages_end_at_max_total_and_empty_pages() {
    let item = "[item]\nrows = \"ads\"\nid = \"id\"\ntext = \"t\"\n";
    let with = |page: &str| source("json", &format!("page = {page}\n{item}"));
    let body = |total: u32| format!("{{\"ads\":[{{\"id\":1,\"t\":\"a\"}}],\"total\":{total}}}");
    let next = |source: &Source, page: &str, total: u32| {
        read_at(source, Role::Start, &format!("https://a.example/l?page={page}"), &body(total), None).next
    };
    let plain = with("{ param = \"page\" }");
    assert_eq!(next(&plain, "1", 9).as_deref(), Some("https://a.example/l?page=2"));
    let capped = with("{ param = \"page\", max = 3 }");
    assert!(next(&capped, "2", 9).is_some() && next(&capped, "3", 9).is_none());
    let offset = with("{ param = \"o\", step = 50, total = \"total\" }");
    let at = |address: &str, total| read_at(&offset, Role::Start, address, &body(total), None).next;
    assert_eq!(at("https://a.example/l?page=1", 120).as_deref(), Some("https://a.example/l?page=1&o=50"));
    assert_eq!(at("https://a.example/l?page=1&o=100", 120), None);
    let empty = read_at(&plain, Role::Start, "https://a.example/l?page=5", "{\"ads\":[]}", None);
    assert!(empty.next.is_none() && empty.problems.is_empty());
    assert_eq!(read(&plain, Role::Start, "{\"ads\":[]}").problems[0].code, "no-rows");
    let cursor = with("{ param = \"cursor\", from = \"next\" }");
    let answer = |next: &str| {
        read(&cursor, Role::Start, &format!("{{\"ads\":[{{\"id\":1,\"t\":\"a\"}}],\"next\":{next}}}")).next
    };
    assert_eq!(answer("\"a b&c\"").as_deref(), Some("https://a.example/l?page=1&cursor=a+b%26c"));
    assert_eq!((answer("\"\""), answer("null")), (None, None));
}

#[test]
fn alternatives_filters_and_pseudo_fields() {
    let rest = "[item]\nrows = \"li\"\nid = \"@id\"\nurl = \"a @href\"\ntext = [\".none | text\", \"p | drop(q) | text\"]\nauthor = \"b | text | before( ·) | lower\"\ntime = [\"time | text | time(%d/%m/%Y) | zone(+07:00)\", \"i | text | time(vi)\", \"^seen\"]\nlinks = [\"p a @href | unwrap(u) | all\", \"a.x @href | all\"]\nprice = \"s | vnd\"\nviews = \"u | short_number\"\nplace = \"em | text | all | join(, )\"\ntitle = \"^title\"\n[keep]\nnot = [\"views\"]\n";
    let source = source("html", rest);
    let html = "<base href='https://b.example/x/'><title>Trang</title><ul><li id=1><a class=x href='t/1#p1'>#</a><b>MẪU · quản trị</b><time>không rõ</time><i>hôm qua 14:05</i><s>13tr5</s><u>1.4K</u><em>Huế</em><em>Vinh</em><p>Chào <q>trích</q><a href='https://r.example/?u=https%3A%2F%2Fd.example%2F'>d.exa…</a></p><li id=2><p>Hai</p></ul>";
    let result = read(&source, Role::Start, html);
    let first = &result.items[0];
    assert_eq!(
        (first.url.as_deref(), first.text.as_str(), first.author.as_deref()),
        (Some("https://b.example/x/t/1#p1"), "Chào d.exa…", Some("mẫu"))
    );
    assert_eq!(first.links, ["https://d.example/", "https://b.example/x/t/1#p1"]);
    assert_eq!(
        (first.price.as_deref(), first.views.as_deref(), first.place.as_deref()),
        (Some("13500000"), None, Some("Huế, Vinh"))
    );
    assert_eq!(first.time.unwrap().rfc3339(), "2026-11-23T07:05:00.000Z");
    assert_eq!(first.title.as_deref(), Some("Trang"));
    assert_eq!(result.items[1].time.unwrap().at_ms, 1_795_000_000_000, "^seen is when the address was first seen");
}

#[test]
fn json_ld_pages_are_read_as_a_kind_of_their_own() {
    let page = "<script type='application/ld+json'>{\"@type\":\"DiscussionForumPosting\",\"comment\":[{\"@type\":\"Comment\",\"@id\":\"#c1\",\"text\":\"Một\",\"author\":{\"name\":\"An\"}},{\"@type\":\"Comment\",\"@id\":\"#c2\",\"text\":\"Hai\"}],\"headline\":\"Chủ đề\"}</script>";
    let rows = source(
        "jsonld",
        "[item]\nrows = \"DiscussionForumPosting.comment\"\nid = \"@id\"\ntext = \"text\"\nauthor = \"author\"\ntitle = \"^DiscussionForumPosting.headline\"\n",
    );
    let result = read(&rows, Role::Start, page);
    let told: Vec<_> = result
        .items
        .iter()
        .map(|it| (it.id.as_str(), it.text.as_str(), it.author.as_deref(), it.title.as_deref()))
        .collect();
    assert_eq!(told, [("#c1", "Một", Some("An"), Some("Chủ đề")), ("#c2", "Hai", None, Some("Chủ đề"))]);
    let whole = source("jsonld", "[item]\nid = \"^url\"\ntext = \"DiscussionForumPosting.headline\"\n");
    assert_eq!(read(&whole, Role::Start, page).items[0].text, "Chủ đề");
}

#[test]
fn rows_that_say_they_are_gone_and_rows_that_lack_a_field() {
    let source = source(
        "html",
        "[item]\nrows = \"li\"\nskip = \".pinned\"\nid = \"@id\"\ntext = \"p | text\"\nauthor = \"b\"\ngone = [\"text:Bài viết đã bị xóa\"]\n[expect]\nfields = [\"id\", \"author\"]\n",
    );
    let html = "<li id=1><b>An</b><p>Một</p><li id=2><p>Bài viết  đã bị xóa</p><li id=3><p>Không tên</p><li id=4 class=x><i class=pinned></i><b>Q</b><p>Ghim</p><li id=5>";
    let result = read(&source, Role::Start, html);
    assert_eq!(result.items.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["1"]);
    assert_eq!((result.gone_ids, result.quarantined_ids), (vec!["2".to_owned()], vec!["3".to_owned()]));
    assert_eq!(result.problems.iter().map(|it| it.code).collect::<Vec<_>>(), ["expect-field"]);
}

#[test]
fn noindex_holds_for_html_alone() {
    let html = source("html", "[item]\nrows = \"li\"\nid = \"@id\"\ntext = \"p\"\n");
    let page = "<meta name='robots' content='NOINDEX,follow'><li id=1><p>x";
    assert!(read(&html, Role::Start, page).items.is_empty());
    let json = source("json", "[item]\nrows = \"a\"\nid = \"i\"\ntext = \"t\"\n");
    let url = Url::parse("https://a.example/l?page=1").unwrap();
    let page = Page {
        url: &url,
        text: "{\"a\":[{\"i\":1,\"t\":\"x\"}]}",
        media_type: "application/json",
        role: Role::Start,
        root: &url,
        fetched_at_ms: 0,
        first_seen_ms: 0,
        lastmod_ms: None,
        thread: None,
        noindex: true,
    };
    assert_eq!(extract(&json, &page).items.len(), 1);
}

#[test]
fn nofollow_lets_no_link_of_a_page_lead_on_unless_the_source_names_the_page_as_its_list() {
    let rows = "rows = \"li\"\nid = \"@id\"\n";
    let thread = source("html", &format!("next = \"a.sau @href\"\n[item]\n{rows}text = \"p\"\n"));
    let list = source("html", &format!("[list]\n{rows}follow = \"a @href\"\n[item]\nid = \"b @id\"\ntext = \"p\"\n"));
    let page = "<li id=1><p>x</p><a class=sau href='/2'>sau</a>";
    assert!(read(&thread, Role::Start, page).next.is_some());
    let page = format!("<meta name='robots' content='nofollow'>{page}");
    assert!(read(&thread, Role::Start, &page).next.is_none());
    assert_eq!(read(&list, Role::Start, &page).follow.len(), 1);
}

#[test]
fn a_saved_page_of_a_known_source_gives_the_posts_of_a_crawl() {
    use intake::import::{self, Format, Origin};
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let toml = std::fs::read_to_string(format!("{folder}/sources/xenforo2.toml")).unwrap();
    let params = BTreeMap::from([("board".to_owned(), "https://diendan.example/forums/viec-lam.5/".to_owned())]);
    let source = Source::load(&toml, "xenforo2.toml", &params).unwrap();
    let html = std::fs::read_to_string(format!("{folder}/tests/pages/xenforo2/thread.html")).unwrap();
    let address = "https://diendan.example/threads/viec.12/";
    let crawled: Vec<model::Post> = read_at(&source, Role::Detail, address, &html, None)
        .items
        .into_iter()
        .map(|item| item.into_post(&source.name))
        .collect();
    assert!(crawled.len() > 1);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
    let block = format!("{head}{html}");
    let warc = format!(
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    );
    let saved = format!("<!-- saved from url=({:04}){address} -->\n{html}", address.len());
    let mhtml = format!(
        "From: x\r\nSnapshot-Content-Location: {address}\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n--b--\r\n"
    );
    for (format, bytes) in [(Format::Warc, warc), (Format::Html, saved), (Format::Mhtml, mhtml)] {
        let known = [source.clone()];
        let origin = Origin { source: "import:x", known: &known };
        let read = |from| {
            let mut records = Vec::new();
            import::read(
                format,
                origin,
                Box::new(std::io::Cursor::new(bytes.clone().into_bytes())),
                from,
                &mut |record| {
                    records.push(record);
                    true
                },
            )
            .unwrap();
            records
        };
        let records = read(0);
        let posts: Vec<model::Post> = records.iter().map(|record| record.post.clone().unwrap()).collect();
        assert_eq!(posts, crawled, "{format:?}");
        assert_eq!(read(records[0].end).len(), crawled.len() - 1, "{format:?} goes on inside a page");
    }
}
