//! The journey of a post through the console in a real Chromium, with every role, on the demo.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use thirtyfour::prelude::*;

use crate::harness::{Folder, Running, canhgiac, eventually, run, stdout};

/// How long the browser may take to show what a click brought.
const SOON: Duration = Duration::from_secs(20);
/// The demo's late post of priority 1 appears 40 to 110 seconds after its start.
const LATE: Duration = Duration::from_secs(240);

/// ChromeDriver on a free port; it ends with the test.
struct Chrome {
    driver: Running,
    port: u16,
    downloads: PathBuf,
}

impl Chrome {
    fn start(downloads: PathBuf) -> Chrome {
        let program = ["/usr/bin/chromedriver", "chromedriver"]
            .into_iter()
            .find(|program| Command::new(program).arg("--version").output().is_ok())
            .expect("chromedriver is installed; ./test installs it (package chromium-driver)");
        let mut driver = Running::start(Command::new(program).arg("--port=0"));
        let line = driver
            .wait_for(|line| line.contains("started successfully on port"), SOON)
            .expect("chromedriver tells its port");
        let port = line.trim_end_matches('.').rsplit(' ').next().and_then(|port| port.parse().ok()).expect("a port");
        Chrome { driver, port, downloads }
    }

    /// A window of its own with nobody logged in.
    async fn window(&self, width: u32, height: u32) -> WebDriver {
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--window-size={width},{height}"),
        ] {
            capabilities.add_arg(argument).expect("an argument");
        }
        let preferences = serde_json::json!({"download.default_directory": self.downloads});
        capabilities.add_experimental_option("prefs", preferences).expect("preferences");
        WebDriver::new(&format!("http://127.0.0.1:{}", self.port), capabilities).await.expect("a browser window")
    }
}

/// The running demo with its log-ins.
struct Demo {
    process: Running,
    address: String,
}

impl Demo {
    fn start(folder: &Folder) -> Demo {
        let data = folder.join("data");
        let mut process = Running::start(canhgiac().args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
        let filled = process.wait_for(|line| line.starts_with("Hàng chờ đã có bài"), Duration::from_secs(120));
        assert!(filled.is_some(), "a filled queue within two minutes: {:#?}", process.seen);
        let address = process
            .seen
            .iter()
            .find_map(|line| line.strip_prefix("Bảng điều khiển: "))
            .expect("the demo prints its address")
            .to_owned();
        Demo { process, address }
    }

    fn password(&self, login: &str) -> String {
        let mark = format!("tên {login} ");
        let line = self.process.seen.iter().find(|line| line.contains(&mark)).expect("the demo prints its log-ins");
        line.rsplit(' ').next().expect("a password").to_owned()
    }

    async fn log_in(&self, window: &WebDriver, login: &str, password: &str) -> WebDriverResult<()> {
        window.goto(format!("{}/login", self.address)).await?;
        window.find(By::Id("name")).await?.send_keys(login).await?;
        window.find(By::Id("password")).await?.send_keys(password).await?;
        window.find(By::Css("form[action='/login'] button")).await?.click().await
    }

    async fn enter(&self, window: &WebDriver, login: &str) -> WebDriverResult<()> {
        self.log_in(window, login, &self.password(login)).await?;
        seen(window, "nav[aria-label]").await.map(|_| ())
    }

    async fn open(&self, window: &WebDriver, path: &str) -> WebDriverResult<()> {
        window.goto(format!("{}{path}", self.address)).await
    }
}

/// The first element that fits, once it is there.
async fn seen(window: &WebDriver, css: &str) -> WebDriverResult<WebElement> {
    window.query(By::Css(css)).wait(SOON, Duration::from_millis(100)).first().await
}

async fn texts(window: &WebDriver, css: &str) -> WebDriverResult<Vec<String>> {
    let mut texts = Vec::new();
    for element in window.find_all(By::Css(css)).await? {
        texts.push(element.text().await?);
    }
    Ok(texts)
}

/// Waits until the page says something else than before.
async fn until(window: &WebDriver, what: &str, mut true_of: impl FnMut(&str) -> bool) -> WebDriverResult<String> {
    let end = std::time::Instant::now() + SOON;
    loop {
        let source = window.source().await?;
        if true_of(&source) {
            return Ok(source);
        }
        assert!(std::time::Instant::now() < end, "{what}: the page does not show it");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

async fn press(window: &WebDriver, key: &str) -> WebDriverResult<()> {
    window.action_chain().send_keys(key).perform().await
}

#[test]
fn a_post_goes_from_the_queue_to_a_verified_packet() {
    let folder = Folder::new("journey");
    let downloads = folder.join("downloads");
    std::fs::create_dir_all(&downloads).expect("a folder for downloads");
    let demo = Demo::start(&folder);
    let chrome = Chrome::start(downloads);
    // The workspace builds its HTTP client without a cryptography of its own choice; a second installation changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(journey(&demo, &chrome)).expect("the journey");
    assert!(chrome.driver.seen.iter().all(|line| !line.contains("SEVERE")));

    let packet = eventually(SOON, "the packet is downloaded", || {
        let mut files = std::fs::read_dir(&chrome.downloads).ok()?.flatten().map(|entry| entry.path());
        files.find(|path| path.extension().is_some_and(|ending| ending == "zip"))
    });
    let path = packet.to_str().expect("path");
    let told = stdout(&["packet", "verify", path], "");
    assert!(told.contains("valid"), "{told}");
    let mut bytes = std::fs::read(&packet).expect("packet");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let changed = folder.join("changed.zip");
    std::fs::write(&changed, bytes).expect("a changed packet");
    let output = run(&["packet", "verify", changed.to_str().expect("path")], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("SAI "), "the wrong file is named");

    let data = folder.join("data");
    demo.process.signal("INT");
    let said = demo.process.rest();
    assert_eq!(said.last().map(String::as_str), Some("Đã dừng."), "Ctrl-C ends cleanly: {said:#?}");
    let chain = stdout(&["audit", "verify", "--data", data.to_str().expect("path")], "");
    assert!(chain.starts_with("whole: "), "{chain}");
}

async fn journey(demo: &Demo, chrome: &Chrome) -> WebDriverResult<()> {
    let analyst = chrome.window(1280, 900).await;
    wrong_password(demo, &analyst).await?;
    demo.enter(&analyst, "chuyenvien").await?;
    let case = queue(demo, &analyst).await?;
    support_and_search(demo, &analyst).await?;
    escalate(demo, &analyst, &case).await?;
    late_alert(demo, &analyst).await?;

    let lead = chrome.window(1280, 900).await;
    demo.enter(&lead, "truongnhom").await?;
    sign(demo, &lead, &case).await?;

    let officer = chrome.window(1280, 900).await;
    demo.enter(&officer, "congan").await?;
    receive(demo, &officer).await?;

    let admin = chrome.window(1280, 900).await;
    demo.enter(&admin, "quantri").await?;
    demo.open(&admin, "/sources").await?;
    until(&admin, "the sources", |page| page.contains("demo-board") && page.contains("demo-forum")).await?;
    demo.open(&admin, "/rules").await?;
    until(&admin, "the rules", |page| page.contains("scj-")).await?;
    demo.open(&admin, "/queue").await?;
    until(&admin, "no right", |page| page.contains("không có quyền") || page.contains("Không có quyền")).await?;

    let auditor = chrome.window(1280, 900).await;
    demo.enter(&auditor, "thanhtra").await?;
    demo.open(&auditor, "/audit").await?;
    until(&auditor, "the audit chain", |page| page.contains("packet") || page.contains("gói")).await?;
    for window in [analyst, lead, officer, admin, auditor] {
        window.quit().await?;
    }
    Ok(())
}

async fn wrong_password(demo: &Demo, window: &WebDriver) -> WebDriverResult<()> {
    demo.log_in(window, "chuyenvien", "sai mật khẩu").await?;
    let trouble = seen(window, "[role=alert]").await?.text().await?;
    assert!(!trouble.is_empty(), "a wrong password is told");
    Ok(())
}

/// Highest priority first; reasons add up; harmful text stays away; a decision, its undo, and a case. Gives its address.
async fn queue(demo: &Demo, window: &WebDriver) -> WebDriverResult<String> {
    demo.open(window, "/queue").await?;
    seen(window, "a.row").await?;
    let mut priorities = Vec::new();
    for row in window.find_all(By::Css("[data-rows] a.row")).await? {
        priorities.push(row.attr("data-priority").await?.unwrap_or_default());
    }
    let mut sorted = priorities.clone();
    sorted.sort();
    assert!(priorities.len() >= 20 && priorities == sorted, "highest priority first: {priorities:?}");

    // A family whose text is withheld, and one whose text is shown.
    open_first(demo, window, "organ_trade").await?;
    seen(window, "[data-withheld]").await?;
    assert!(window.find_all(By::Css(".post")).await?.is_empty(), "withheld text is not in the page");
    press(window, "r").await?;
    seen(window, ".post mark").await?;

    open_first(demo, window, "scam_compound_job").await?;
    let post = seen(window, ".post").await?;
    assert!(!window.find_all(By::Css(".post mark")).await?.is_empty(), "matched spans are marked");
    assert!(post.find_all(By::Css("a, img")).await?.is_empty(), "post text is inert");
    let sum: i64 = seen(window, ".sum b").await?.text().await?.trim().parse().expect("the sum of points");
    assert!(sum > 0);
    assert!(!texts(window, ".inert").await?.is_empty(), "the address stands as inert text");
    let hash = texts(window, ".pairs .mono").await?.join(" ");
    assert!(hash.chars().filter(char::is_ascii_hexdigit).count() >= 64, "the capture's hash: {hash}");

    // Dismiss with keys, then take it back.
    let before = window.current_url().await?.to_string();
    press(window, "d").await?;
    seen(window, "details[data-key=d][open]").await?;
    press(window, "1").await?;
    until(window, "the next unit", |page| page.contains("/undo")).await?;
    assert_ne!(window.current_url().await?.to_string(), before, "a decision moves on");
    press(window, "u").await?;
    tokio::time::sleep(Duration::from_millis(800)).await;

    // Confirm: a case.
    open_first(demo, window, "scam_compound_job").await?;
    press(window, "c").await?;
    seen(window, "details[data-key=c][open]").await?;
    press(window, "1").await?;
    until(window, "the undo line", |page| page.contains("/undo")).await?;
    demo.open(window, "/cases").await?;
    let case = seen(window, "main a[href^='/cases/']").await?;
    Ok(case.attr("href").await?.expect("the case has an address"))
}

async fn open_first(demo: &Demo, window: &WebDriver, family: &str) -> WebDriverResult<()> {
    demo.open(window, &format!("/queue?view=all&family={family}")).await?;
    seen(window, "[data-rows] a.row").await?.click().await?;
    seen(window, ".unit .head h2").await.map(|_| ())
}

async fn support_and_search(demo: &Demo, window: &WebDriver) -> WebDriverResult<()> {
    demo.open(window, "/support").await?;
    assert!(!window.find_all(By::Css("article.person")).await?.is_empty(), "people at risk stand in the support queue");
    until(window, "the hotlines", |page| page.contains("111") && page.contains("113")).await?;
    let mut totals = Vec::new();
    for query in ["t%C3%A0i%20kho%E1%BA%A3n", "tai%20khoan"] {
        demo.open(window, &format!("/search?q={query}")).await?;
        seen(window, "ol.hits li").await?;
        totals.push(window.find_all(By::Css("ol.hits li")).await?.len());
    }
    assert!(totals[1] >= totals[0], "a query without marks finds at least what one with marks finds: {totals:?}");
    Ok(())
}

async fn escalate(demo: &Demo, window: &WebDriver, case: &str) -> WebDriverResult<()> {
    demo.open(window, case).await?;
    seen(window, "form[action$='/ask'] textarea").await?.send_keys("Có nơi đến, có liên hệ, đi trong ngày").await?;
    window.find(By::Css("form[action$='/ask'] button")).await?.click().await?;
    until(window, "the asking", |page| page.contains("Có nơi đến, có liên hệ")).await?;
    assert!(window.find_all(By::Css("form[action$='/sign']")).await?.is_empty(), "nobody signs their own asking");
    Ok(())
}

async fn sign(demo: &Demo, window: &WebDriver, case: &str) -> WebDriverResult<()> {
    demo.open(window, case).await?;
    seen(window, "form[action$='/sign'] button").await?.click().await?;
    until(window, "the sealed packet", |page| page.contains("CG-20")).await.map(|_| ())
}

/// The open page learns of a new alert of priority 1 by itself.
async fn late_alert(demo: &Demo, window: &WebDriver) -> WebDriverResult<()> {
    demo.open(window, "/queue").await?;
    let end = std::time::Instant::now() + LATE;
    let counter = || async { texts(window, "h1 [data-count=queue]").await.map(|texts| texts.concat()) };
    let before = counter().await?;
    loop {
        let newcomers = window.find_all(By::Css("[data-newcomers] *")).await?.len();
        if newcomers > 0 || counter().await? != before {
            return Ok(());
        }
        assert!(std::time::Instant::now() < end, "a new alert shows in the open page without a reload");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn receive(demo: &Demo, window: &WebDriver) -> WebDriverResult<()> {
    demo.open(window, "/packets").await?;
    let packet = seen(window, "a[href^='/packets/CG-']").await?;
    assert_eq!(window.find_all(By::Css("tbody tr")).await?.len(), 1, "only the packet of their unit");
    let address = packet.attr("href").await?.expect("the packet has an address");
    demo.open(window, "/queue").await?;
    until(window, "no right", |page| page.contains("không có quyền") || page.contains("Không có quyền")).await?;
    demo.open(window, &address).await?;
    seen(window, "a[href$='/zip']").await?.click().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    seen(window, "form[action$='/receipt'] button").await?.click().await?;
    seen(window, "form[action$='/answer'] select").await?;
    window.find(By::Css("form[action$='/answer'] textarea")).await?.send_keys("Đã mở vụ").await?;
    window.find(By::Css("form[action$='/answer'] button")).await?.click().await?;
    until(window, "the answer", |page| page.contains("Đã mở vụ")).await.map(|_| ())
}
