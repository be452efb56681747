"""The posts of posts.json, as every software is filled with them.

`state`: public; pending (written, but not let through or not published); private (only members may read); forbidden
(anyone may read, robots.txt keeps machines out). `then`: what `change` does: {"edit": TEXT}, "delete", "hide", or
"lose_topic": the post it answers is deleted, with which it goes where topics are deleted whole.
"""

import json
import pathlib

POSTS = json.loads((pathlib.Path(__file__).parent / "posts.json").read_text(encoding="utf-8"))
BY_ID = {post["id"]: post for post in POSTS}
TOPICS = [post for post in POSTS if "reply_to" not in post]
REPLIES = [post for post in POSTS if "reply_to" in post]
AUTHORS = sorted({post["author"] for post in POSTS})


def changed(posts):
    """The posts that change: post, new text if it is edited, else None."""
    for post in posts:
        match post.get("then"):
            case {"edit": text}:
                yield post, text
            case "delete" | "hide":
                yield post, None
