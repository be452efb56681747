#!/usr/bin/env python3
"""Site software that nobody here wrote, for trying the crawler on: installs it, fills it, serves it on loopback.

    site_software.py                    installs what is missing (PyPI, into a folder of its own); quick when all is there
    site_software.py serve NAME PORT DIR   fills DIR if it is new and serves on 127.0.0.1:PORT until killed
    site_software.py change NAME DIR       edits, deletes and hides the posts for which site_software/posts.json says so

NAME is forum (django-machina), classified (django-classified), comments (isso) or wiki (DokuWiki). Posts are written
through each software's own forms, API or commands, never into its tables. DokuWiki and PHP come from the system's
packages, which `./test` installs. The one truth about the posts is site_software/posts.json.
"""

import hashlib
import importlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent / "site_software"
PINS = HERE / "requirements.txt"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "canhgiac-site-software"
VENV = CACHE / "venv"
PYTHON = VENV / "bin" / "python"
NAMES = ("forum", "classified", "comments", "wiki")


def fail(message):
    print(f"site_software: {message}", file=sys.stderr)
    sys.exit(1)


def stamp():
    """What the folder must hold: these pins, for this interpreter."""
    return hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()


def is_installed():
    mark = VENV / "installed"
    return mark.is_file() and mark.read_text() == stamp()


def install():
    """Installs the pinned packages unless they are there. The mark is written last, so that a cut install is redone."""
    if is_installed():
        return
    print(f"site_software: installing into {VENV}")
    shutil.rmtree(VENV, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV]).returncode != 0:
        fail("python3 could not make a virtual environment; the package python3-venv is needed")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "3", "--timeout", "60"]
    if subprocess.run([*pip, "--no-deps", "-r", PINS]).returncode != 0:
        fail("PyPI did not give the pinned packages of tests/site_software/requirements.txt (see above)")
    (VENV / "installed").write_text(stamp())


def check_wiki():
    missing = [path for path in ("/usr/share/dokuwiki/doku.php", "/usr/bin/php") if not pathlib.Path(path).exists()]
    if missing:
        fail(f"{' and '.join(missing)} missing: install the packages dokuwiki and php-cli")


def main(arguments):
    match arguments:
        case []:
            install()
            check_wiki()
        case ["serve" | "change", name, *_] if name in NAMES:
            if not is_installed():
                fail("run `python3 tests/site_software.py` first: the software is not installed")
            if pathlib.Path(sys.prefix) != VENV:
                os.execv(PYTHON, [PYTHON, __file__, *arguments])
            sys.dont_write_bytecode = True
            sys.path.insert(0, str(HERE))
            software = importlib.import_module(name)
            match arguments:
                case ["serve", _, port, folder]:
                    folder = pathlib.Path(folder)
                    # A folder whose filling was cut short is filled anew.
                    if not (folder / "filled").exists():
                        shutil.rmtree(folder, ignore_errors=True)
                        folder.mkdir(parents=True)
                        software.fill(folder)
                        (folder / "filled").touch()
                    software.serve(folder, int(port))
                case ["change", _, folder]:
                    software.change(pathlib.Path(folder))
                case _:
                    fail(__doc__)
        case _:
            fail(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
