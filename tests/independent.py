#!/usr/bin/env python3
"""Suites and peers that nobody here wrote, brought in from PyPI by name: installs them, and lets the peers judge.

    independent.py              installs and unpacks what is missing; quick when all is there
    independent.py where        prints the folder with `sources/` (protego, feedparser, scrapy) and `venv/`
    independent.py robots       JSONL {text, agent, paths} in; {allowed, delay} out, by Protego
    independent.py feeds DIR    JSONL {file, id, title, link, at_ms} of the first entry of each well-formed feed, by feedparser

A package that the registry does not give fails with its name. Nothing of these packages is copied into this repository.
"""

import calendar
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

PINS = pathlib.Path(__file__).resolve().parent / "independent" / "requirements.txt"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "canhgiac-independent"
VENV = CACHE / "venv"
SOURCES = CACHE / "sources"
PYTHON = VENV / "bin" / "python"
SOURCE_PACKAGES = ("protego", "feedparser", "scrapy")


def fail(message):
    print(f"independent: {message}", file=sys.stderr)
    sys.exit(1)


def stamp():
    """What the folder must hold: these pins, for this interpreter."""
    return hashlib.sha256(PINS.read_bytes() + sys.version.encode() + ",".join(SOURCE_PACKAGES).encode()).hexdigest()


def is_installed():
    mark = CACHE / "installed"
    return mark.is_file() and mark.read_text() == stamp()


def install():
    """Installs the pinned packages and unpacks three of them. The mark is written last, so a cut install is redone."""
    if is_installed():
        return
    print(f"independent: installing into {CACHE}")
    shutil.rmtree(CACHE, ignore_errors=True)
    SOURCES.mkdir(parents=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV]).returncode != 0:
        fail("python3 could not make a virtual environment; the package python3-venv is needed")
    quiet = ["--quiet", "--disable-pip-version-check", "--retries", "3", "--timeout", "60"]
    if subprocess.run([PYTHON, "-m", "pip", "install", *quiet, "--no-deps", "-r", PINS]).returncode != 0:
        fail("PyPI did not give the pinned packages of tests/independent/requirements.txt (see above)")
    pins = dict(line.lower().split("==") for line in PINS.read_text().splitlines() if "==" in line)
    for name in SOURCE_PACKAGES:
        wanted = f"{name}=={pins[name]}"
        download = [PYTHON, "-m", "pip", "download", *quiet, "--no-deps", "--no-binary", name, "-d", SOURCES, wanted]
        if subprocess.run(download).returncode != 0:
            fail(f"PyPI did not give the source package of {wanted} (see above)")
        archive = next(SOURCES.glob(f"{name}-*.tar.gz"), None)
        if archive is None:
            fail(f"the source package of {wanted} is no tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(SOURCES, filter="data")
        (SOURCES / f"{name}-{pins[name]}").rename(SOURCES / name)
    (CACHE / "installed").write_text(stamp())


def robots():
    from protego import Protego

    for line in sys.stdin:
        asked = json.loads(line)
        rules = Protego.parse(asked["text"])
        allowed = [rules.can_fetch("https://a.example" + path, asked["agent"]) for path in asked["paths"]]
        print(json.dumps({"allowed": allowed, "delay": rules.crawl_delay(asked["agent"])}))


def feeds(folder):
    import feedparser

    for path in sorted(folder.rglob("*.xml")):
        feed = feedparser.parse(str(path))
        if feed.bozo or not feed.entries:
            continue
        entry = feed.entries[0]
        at = entry.get("published_parsed") or entry.get("updated_parsed")
        print(json.dumps({
            "file": str(path.relative_to(folder)),
            "id": entry.get("id"),
            "title": entry.get("title"),
            "link": entry.get("link"),
            "at_ms": calendar.timegm(at) * 1000 if at else None,
        }))


def main(arguments):
    match arguments:
        case []:
            install()
        case ["where" | "robots" | "feeds", *_] if not is_installed():
            fail("run `python3 tests/independent.py` first: the suites are not installed")
        case ["where"]:
            print(CACHE)
        case ["robots" | "feeds", *_] if pathlib.Path(sys.prefix) != VENV:
            os.execv(PYTHON, [PYTHON, __file__, *arguments])
        case ["robots"]:
            robots()
        case ["feeds", folder]:
            feeds(pathlib.Path(folder))
        case _:
            fail(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
