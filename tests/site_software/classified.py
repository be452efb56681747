"""django-classified: ads in groups, one of them closed to machines; drafts are ads that are not active."""

import django_site
from truth import AUTHORS, TOPICS, changed


def _set_up(folder):
    django_site.set_up(
        folder,
        "classified_urls",
        ["sorl.thumbnail", "django_classified"],
        context=["django_classified.context_processors.common_values"],
        DCF_ITEM_PER_PAGE=4,
        DCF_CURRENCY="VND",
    )


def _form(group, post, text, is_active):
    fields = {"group": group.pk, "title": post["title"], "description": text, "price": "0"}
    fields |= {"image_set-TOTAL_FORMS": "0", "image_set-INITIAL_FORMS": "0"}
    return fields | ({"is_active": "on"} if is_active else {})


def fill(folder):
    _set_up(folder)
    from django_classified.models import Group, Profile, Section

    users, _ = django_site.people(AUTHORS)
    for user in users.values():
        Profile.objects.create(user=user, phone="0901 000 999")
    section = Section.objects.create(title="Việc làm")
    open_group = Group.objects.create(section=section, title="Lao động phổ thông", slug="lao-dong")
    closed = Group.objects.create(section=section, title="Không cho máy đọc", slug="kin")
    for post in TOPICS:
        group = closed if post["state"] == "forbidden" else open_group
        is_active = post["state"] in ("public", "forbidden")
        django_site.send(django_site.logged_in(post["author"]), "/new/", **_form(group, post, post["text"], is_active))


def change(folder):
    _set_up(folder)
    from django_classified.models import Item

    for post, text in changed(TOPICS):
        item = Item.objects.get(title=post["title"])
        author = django_site.logged_in(post["author"])
        if post["then"] == "delete":
            django_site.send(author, f"/user/my/delete/{item.pk}/")
        else:
            django_site.send(author, f"/edit/{item.pk}/", **_form(item.group, post, text or post["text"], text is not None))


def serve(folder, port):
    _set_up(folder)
    from django.contrib.sites.models import Site

    # The sitemap names the site as its owner has entered it.
    Site.objects.update(domain=f"127.0.0.1:{port}", name="Rao vặt")
    django_site.serve(port)
