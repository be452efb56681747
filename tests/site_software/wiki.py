"""DokuWiki of Debian, under PHP's built-in server: a namespace of ads, some of whose pages only members may read."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from truth import AUTHORS, TOPICS, changed

PROGRAM = pathlib.Path("/usr/share/dokuwiki")
CONFIG = pathlib.Path("/etc/dokuwiki")
ROBOTS = "User-agent: *\nDisallow: /doku.php?id=tin:cam_robot\nDisallow: /lib/\n"
LOCAL = """<?php
$conf['title'] = 'Wiki việc làm';
$conf['lang'] = 'vi';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['indexdelay'] = 0;
"""
# 0 = nothing, 1 = read, 8 = read and write.
ACL = ["*\t@ALL\t1", "*\t@user\t8"]


def page_of(post):
    return f"tin:{post['id'].replace('-', '_')}"


def _write(folder, post, text):
    """Writes a page by DokuWiki's own command; a page without text is deleted by it."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(f"====== {post['title']} ======\n\n{text}\n" if text else "")
        file.flush()
        command = [folder / "site/bin/dwpage.php", "--user", post["author"], "commit", "--message", "sửa", file.name, page_of(post)]
        done = subprocess.run(["php", *command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"dwpage.php {page_of(post)}: {done.stdout}{done.stderr}")


def _close(folder, post):
    """Only the administrator may read the page from now on."""
    with open(folder / "conf/acl.auth.php", "a", encoding="utf-8") as acl:
        acl.write(f"{page_of(post)}\t@ALL\t0\n{page_of(post)}\t@user\t0\n")


def fill(folder):
    # The package's own files, with its data and settings moved into the folder.
    shutil.copytree(PROGRAM, folder / "site", ignore=shutil.ignore_patterns("preload.php", ".htaccess"))
    (folder / "site/inc/preload.php").write_text(
        f"<?php\nforeach (['DOKU_CONF', 'DOKU_MAIN_CONF'] as $name) if (!defined($name)) define($name, '{folder}/conf/');\n"
    )
    (folder / "conf").mkdir()
    for file in CONFIG.iterdir():
        if file.is_file() and os.access(file, os.R_OK):
            shutil.copy(file, folder / "conf" / file.name)
    for name in ("attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "pages", "tmp"):
        (folder / "data" / name).mkdir(parents=True)
    (folder / "conf/local.php").write_text(LOCAL + f"$conf['savedir'] = '{folder}/data';\n", encoding="utf-8")
    (folder / "conf/acl.auth.php").write_text("\n".join(ACL) + "\n")
    users = [f"{name}:x:{name}:{name}@wiki.example:user" for name in AUTHORS] + ["quantri:x:quantri:q@wiki.example:admin"]
    (folder / "conf/users.auth.php").write_text("\n".join(users) + "\n")
    (folder / "site/robots.txt").write_text(ROBOTS)
    for post in TOPICS:
        _write(folder, post, post["text"])
        if post["state"] in ("pending", "private"):
            _close(folder, post)


def change(folder):
    for post, text in changed(TOPICS):
        if post["then"] == "hide":
            _close(folder, post)
        else:
            _write(folder, post, text)


def serve(folder, port):
    os.chdir(folder / "site")
    os.execvp("php", ["php", "-S", f"127.0.0.1:{port}", "-t", str(folder / "site")])
