"""isso: comments under one article, let through by a moderator. It knows no members; private posts also wait there."""

import json
import logging
import re

from truth import REPLIES, TOPICS, changed
from werkzeug.serving import run_simple
from werkzeug.test import Client

ARTICLE = "/viec-lam/"
PASSWORD = "chi-de-thu"
CONFIG = """[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1:{port}/
notify = stdout
[admin]
enabled = true
password = {password}
[moderation]
enabled = true
[server]
listen = http://127.0.0.1:{port}/
[guard]
enabled = false
"""


def _app(folder, port=8080):
    """The comment server; its port is only known when it serves."""
    from isso import config, make_app

    file = folder / "isso.cfg"
    file.write_text(CONFIG.format(folder=folder, port=port, password=PASSWORD))
    return make_app(config.load(config.default_file(), str(file)))


def fill(folder):
    app = _app(folder)
    client, moderator = Client(app), Moderator(app)
    ids = {}
    for post in TOPICS + REPLIES:
        if post["state"] == "forbidden":
            continue  # a comment server has no robots.txt of its own
        body = {"text": post["text"], "author": post["author"], "title": "Việc làm"}
        if "reply_to" in post:
            body["parent"] = ids[post["reply_to"]]
        answer = client.post("/new", query_string={"uri": ARTICLE}, json=body)
        if answer.status_code != 202:
            raise SystemExit(f"/new answered {answer.status_code}")
        ids[post["id"]] = answer.json["id"]
        if post["state"] == "public":
            moderator.do(answer.json["id"], "activate")
    (folder / "ids.json").write_text(json.dumps(ids))


class Moderator:
    """The administrator's page, which holds the signed key of each comment."""

    def __init__(self, app):
        self.client = Client(app)
        answer = self.client.post("/login/", data={"password": PASSWORD})
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def do(self, number, action, **body):
        keys = {}
        for mode in (1, 2):
            page = self.client.get(f"/admin/?mode={mode}", headers={"Cookie": self.cookie}).text
            keys |= dict(re.findall(r"delete_com\((\d+), '([^']+)'", page))
        answer = self.client.post(f"/id/{number}/{action}/{keys[str(number)]}", json=body)
        if answer.status_code != 200:
            raise SystemExit(f"{action} of {number} answered {answer.status_code}")


def change(folder):
    port = int(re.search(r"127\.0\.0\.1:(\d+)", (folder / "isso.cfg").read_text())[1])
    moderator = Moderator(_app(folder, port))
    ids = json.loads((folder / "ids.json").read_text())
    for post, text in changed(TOPICS + REPLIES):
        if text is not None:
            moderator.do(ids[post["id"]], "edit", text=text, author=post["author"])
        else:
            moderator.do(ids[post["id"]], "delete")


def serve(folder, port):
    # isso silences the server's record of requests, which the test reads.
    logging.getLogger("werkzeug").setLevel(logging.INFO)
    run_simple("127.0.0.1", port, _app(folder, port), threaded=True)
