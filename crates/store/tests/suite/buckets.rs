//! Originals in S3-compatible storage, against a real S3 server of its own (moto), which the test installs.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::{Capture, Method};
use store::{BackupKey, BackupLock, Error, OriginalsPlace, Store};

use crate::help::{Bed, DAY, NOW, harmless};

/// The server's version; installed once into a folder beside the test's own binaries.
const MOTO: &str = "moto[server]==5.2.5";

struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn installed() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let folder = test.ancestors().nth(3).expect("target/<profile>/deps/<test>").join("s3-server");
    let (mark, server) = (folder.join("installed"), folder.join("bin/moto_server"));
    if std::fs::read_to_string(&mark).is_ok_and(|pins| pins == MOTO) && server.exists() {
        return server;
    }
    let _ = std::fs::remove_dir_all(&folder);
    let run = |command: &mut Command| {
        let output = command.output().expect("python3 is there; ./test installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", MOTO]));
    std::fs::write(mark, MOTO).expect("written");
    server
}

fn serve() -> Server {
    let server = installed();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let process = Command::new(server)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let server = Server { process, address: format!("127.0.0.1:{port}") };
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(&server.address).is_err() {
        assert!(Instant::now() < until, "the server answers within a minute");
        std::thread::sleep(Duration::from_millis(100));
    }
    server
}

/// A request without TLS, enough to make a bucket and to look into it.
fn request(server: &Server, method: &str, path: &str, body: &[u8]) -> String {
    use std::io::{Read, Write};
    let mut socket = TcpStream::connect(&server.address).expect("connected");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=thu/20261124/us-east-1/s3/aws4_request, \
         SignedHeaders=host, Signature=0\r\n\r\n",
        server.address,
        body.len()
    );
    socket.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("answered");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn originals_live_in_s3_as_they_do_in_a_folder() {
    let server = serve();
    assert!(request(&server, "PUT", "/goc", b"").starts_with("HTTP/1.1 200"));
    let bed = Bed::new().await;
    let people = bed.people().await;
    let settings = [
        ("AWS_ENDPOINT_URL", format!("http://{}", server.address)),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "thu".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "thu".to_owned()),
        ("PATH", "/bin".to_owned()),
    ];
    let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
    let place = OriginalsPlace::of("s3://goc/kho/tinh", settings);
    // The same store, its originals in the bucket from now on.
    let Bed { store, data, folder } = bed;
    store.close().await;
    let store = Store::open_with_originals(&data, place.clone(), NOW).await.expect("opened");
    let bed = Bed { store, data, folder };

    bed.import(vec![harmless("1", "quán phở"), harmless("2", "quán chè")], NOW).await;
    let post = bed.store.post_by_native_id("board", "1").await.expect("read").expect("there");
    let capture = bed.store.capture(&post.capture_id).await.expect("its capture");
    assert_eq!(bed.store.original(&capture.sha256).await.expect("verified"), "quán phở\nquán chè".as_bytes());
    let key = format!("/goc/kho/tinh/{}/{}/{}.zst", &capture.sha256[..2], &capture.sha256[2..4], capture.sha256);
    assert!(
        request(&server, "HEAD", &key, b"").starts_with("HTTP/1.1 200"),
        "it stands where the folder would have it"
    );

    // A file larger than one piece of an upload goes up in pieces and comes back as a stream.
    let path = bed.folder.0.join("lon.bin");
    let mut state = 1_u64;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(20_000_000)
    .collect();
    std::fs::write(&path, &bytes).expect("written");
    let story = Capture::of_file("import:lon", Method::Import, "lon.bin", "import", NOW);
    let large = bed.store.keep_file(&story, &path, NOW).await.expect("kept");
    let mut read = Vec::new();
    std::io::Read::read_to_end(&mut bed.store.open_original(&large.sha256).expect("open"), &mut read).expect("read");
    assert!(read == bytes);
    assert_eq!(bed.store.keep_file(&story, &path, NOW).await.expect("again").id, large.id);

    // What was altered there is found when it is read.
    let other = zstd::encode_all(&b"khac"[..], 1).expect("packed");
    assert!(request(&server, "PUT", &key, &other).starts_with("HTTP/1.1 200"));
    assert!(matches!(bed.store.original(&capture.sha256).await, Err(Error::AlteredOriginal { .. })));
    let right = zstd::encode_all("quán phở\nquán chè".as_bytes(), 1).expect("packed");
    assert!(request(&server, "PUT", &key, &right).starts_with("HTTP/1.1 200"));

    // A backup fetches from there, and restores into a folder.
    let file = bed.folder.0.join("sao-luu");
    let done = bed.store.backup(&file, &BackupLock::Open, Vec::new(), NOW, &mut |_, _| {}).await.expect("made");
    assert_eq!(done.originals, 2);
    let target = bed.folder.0.join("dich");
    let target = target.to_string_lossy();
    store::restore(&file, &BackupKey::None, &target, None, &mut |_, _| {}).await.expect("restored");
    let restored = Store::open(&target, NOW).await.expect("opened");
    assert_eq!(restored.original(&capture.sha256).await.expect("verified"), "quán phở\nquán chè".as_bytes());

    // Erasure reaches it.
    for id in ["1", "2"] {
        let post = bed.store.post_by_native_id("board", id).await.expect("read").expect("there");
        let asked = bed.store.propose_erasing_post(&people.lead, &post.id, "yêu cầu", NOW).await.expect("asked");
        bed.store.approve(&people.admin, &asked, NOW).await.expect("approved");
        let mut errand = bed.store.errand(&asked).await.expect("an errand");
        while errand.step(NOW).await.expect("a step").is_some() {}
    }
    assert_eq!(bed.store.settle_originals(NOW + DAY).await.expect("settled").removed, 1);
    assert!(request(&server, "HEAD", &key, b"").starts_with("HTTP/1.1 404"));
    assert!(matches!(bed.store.original(&capture.sha256).await, Err(Error::Io { .. })));

    // Storage that is away is an error in words, not a loss: the same bytes are kept once it is back.
    drop(server);
    let away = bed.store.keep(&story, b"moi", NOW).await.expect_err("refused");
    assert!(away.to_string().contains("s3://goc/kho/tinh"), "{away}");
}
