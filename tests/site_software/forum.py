"""django-machina: a forum with an open board, a board for members and a board closed to machines."""

import django_site
from truth import AUTHORS, BY_ID, REPLIES, TOPICS, changed

MEMBERS, MACHINES = "Ban quản trị", "Không cho máy đọc"


def _set_up(folder):
    from machina import MACHINA_MAIN_STATIC_DIR, MACHINA_MAIN_TEMPLATE_DIR

    parts = ["forum", "forum_conversation", "forum_conversation.forum_attachments", "forum_conversation.forum_polls"]
    parts += ["forum_feeds", "forum_moderation", "forum_search", "forum_tracking", "forum_member", "forum_permission"]
    apps = ["mptt", "haystack", "widget_tweaks", "machina", *(f"machina.apps.{part}" for part in parts)]
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    django_site.set_up(
        folder,
        "forum_urls",
        apps,
        templates=[MACHINA_MAIN_TEMPLATE_DIR],
        context=["machina.core.context_processors.metadata"],
        middleware=["machina.apps.forum_permission.middleware.ForumPermissionMiddleware"],
        STATICFILES_DIRS=[MACHINA_MAIN_STATIC_DIR],
        CACHES={"default": memory, "machina_attachments": memory | {"LOCATION": "attachments"}},
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        # Small pages, so that boards and topics have several.
        MACHINA_FORUM_TOPICS_NUMBER_PER_PAGE=4,
        MACHINA_TOPIC_POSTS_NUMBER_PER_PAGE=2,
    )


def _boards():
    from machina.apps.forum.models import Forum

    return {forum.name: forum for forum in Forum.objects.all()}


def _board_of(post):
    boards = _boards()
    return boards[{"private": MEMBERS, "forbidden": MACHINES}.get(post["state"], "Việc làm")]


def _address(post):
    """The post in the database, still with its first text, and the address of its topic."""
    from machina.apps.forum_conversation.models import Post

    row = Post.objects.get(content=post["text"])
    topic = row.topic
    return row, f"/forum/forum/{topic.forum.slug}-{topic.forum.pk}/topic/{topic.slug}-{topic.pk}/"


def fill(folder):
    _set_up(folder)
    from django.contrib.auth.models import AnonymousUser
    from machina.apps.forum.models import Forum
    from machina.apps.forum_permission.models import ForumPermission, UserForumPermission
    from machina.apps.forum_permission.shortcuts import assign_perm

    users, _ = django_site.people(AUTHORS)
    for name in ("Việc làm", MACHINES, MEMBERS):
        board = Forum.objects.create(name=name, type=Forum.FORUM_POST)
        readers = [*users.values()] + ([AnonymousUser()] if name != MEMBERS else [])
        for reader in readers:
            for right in ("can_see_forum", "can_read_forum"):
                assign_perm(right, reader, board)
        for user in users.values():
            for right in ("can_start_new_topics", "can_reply_to_topics", "can_edit_own_posts", "can_delete_own_posts", "can_post_without_approval"):
                assign_perm(right, user, board)
    trust = ForumPermission.objects.get(codename="can_post_without_approval")
    trusted = UserForumPermission.objects.filter(permission=trust)
    for post in TOPICS + REPLIES:
        # What has to be approved is written without the right to be believed.
        trusted.filter(user=users[post["author"]]).update(has_perm=post["state"] != "pending")
        client = django_site.logged_in(post["author"])
        if "reply_to" in post:
            _, topic = _address(BY_ID[post["reply_to"]])
            django_site.send(client, f"{topic}post/create/", subject=f"Re: {BY_ID[post['reply_to']]['title']}", content=post["text"])
        else:
            board = _board_of(post)
            django_site.send(client, f"/forum/forum/{board.slug}-{board.pk}/topic/create/", subject=post["title"], content=post["text"], topic_type=0)


def change(folder):
    _set_up(folder)
    for post, text in changed(TOPICS + REPLIES):
        row, topic = _address(post)
        author, moderator = django_site.logged_in(post["author"]), django_site.logged_in("quantri")
        is_topic = "reply_to" not in post
        if text is not None and is_topic:
            django_site.send(author, f"{topic}update/", subject=post["title"], content=text, topic_type=0)
        elif text is not None:
            django_site.send(author, f"{topic}{row.pk}/post/update/", subject=row.subject, content=text)
        elif post["then"] == "hide":
            django_site.send(moderator, f"/forum/moderation/topic/{row.topic.slug}-{row.topic.pk}/move/", forum=_boards()[MEMBERS].pk)
        elif is_topic:
            django_site.send(moderator, f"/forum/moderation/topic/{row.topic.slug}-{row.topic.pk}/delete/")
        else:
            django_site.send(author, f"{topic}{row.pk}/post/delete/")


def serve(folder, port):
    _set_up(folder)
    django_site.serve(port)
