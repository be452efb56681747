//! A disk that can be filled, made read-only and cut from its power, for a process of this test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::help::Folder;

/// The disk and what can be done to it.
pub struct Disk {
    under: PathBuf,
    side: Folder,
}

impl Disk {
    /// The disk on which this folder stands.
    pub fn under(folder: &Path) -> Disk {
        let side = Folder(folder.with_extension("disk"));
        std::fs::create_dir_all(side.0.join("safe")).expect("a folder");
        // The shim that stands between the process and its disk, by the compiler that Rust links with.
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/disk.c");
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(side.0.join("disk.so")).args([source, "-ldl"]);
        assert!(compile.status().expect("a C compiler").success(), "the shim must compile");
        Disk { under: folder.to_owned(), side }
    }

    /// `full` or `readonly`, from now on or no longer.
    pub fn switch(&self, name: &str, on: bool) {
        let path = self.side.0.join(name);
        if on {
            std::fs::write(path, "").expect("switched on");
        } else {
            std::fs::remove_file(path).expect("switched off");
        }
    }

    /// What was not synced is lost: the folder is as its files stood at their last fsync.
    pub fn power_cut(&self) {
        std::fs::remove_dir_all(&self.under).expect("the folder is gone");
        for copy in std::fs::read_dir(self.side.0.join("safe")).expect("copies") {
            let copy = copy.expect("a copy").path();
            let name = copy.file_name().expect("a name").to_string_lossy().replace('%', "/");
            let path = Path::new(&name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::copy(&copy, path).expect("copied back");
        }
    }

    /// Runs a test of this binary as a process on this disk.
    pub fn run(&self, test: &str, data: &str) -> Running {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env("LD_PRELOAD", self.side.0.join("disk.so"))
            .env("DISK_UNDER", &self.under)
            .env("DISK_SWITCH", &self.side.0)
            .env("DISK_SAFE", self.side.0.join("safe"))
            .env("PROCESS_DATA", data)
            .env("PROCESS_FOLDER", &self.under)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let (send, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines }
    }
}

/// A process of this test; it is killed when the test ends.
pub struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// The next line that begins with this word, without it.
    pub fn hears(&self, word: &str) -> String {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            match self.lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(word) {
                        return rest.trim().to_owned();
                    }
                }
                Err(_) => break,
            }
        }
        panic!("the process did not say `{word}`");
    }

    /// Ends it in the middle of whatever it does; what it had said until then.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("its end");
        self.lines.iter().collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
