"""A Django project around one forum or classified application, as its documentation sets it up."""

import pathlib

import django
from django.conf import settings

ROBOTS = """User-agent: *
Disallow: {private}

User-agent: BadBot
Disallow: /
"""

BASIC = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.admin",
]


def set_up(folder: pathlib.Path, urls: str, apps, templates=(), template_code=(), context=(), middleware=(), **more):
    """Configures Django with a SQLite file in `folder`, once a process; makes the tables when they are not there."""
    if settings.configured:
        return
    processors = ["auth.context_processors.auth", "messages.context_processors.messages"]
    processors = ["django.template.context_processors.request"] + [f"django.contrib.{one}" for one in processors]
    settings.configure(
        SECRET_KEY="only-for-tests-on-loopback",
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1", "testserver"],
        ROOT_URLCONF=urls,
        INSTALLED_APPS=[*BASIC, *apps],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            *middleware,
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [str(one) for one in templates],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [*processors, *context]},
        }],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "site.sqlite3", "OPTIONS": {"timeout": 30}}},
        # The slow hash guards passwords; here it would only slow the test.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/dang-nhap/",
        SITE_ID=1,
        USE_TZ=True,
        TIME_ZONE="Asia/Ho_Chi_Minh",
        LANGUAGE_CODE="vi",
        STATIC_URL="/static/",
        MEDIA_URL="/media/",
        MEDIA_ROOT=folder / "media",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SILENCED_SYSTEM_CHECKS=["admin.E403"],
        **more,
    )
    django.setup()
    if not (folder / "site.sqlite3").exists():
        from django.core.management import call_command

        call_command("migrate", verbosity=0)


def people(names):
    """Ordinary users by name, and the administrator."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    admin = users.create_superuser("quantri", "quantri@forum.example", "x")
    return {name: users.create_user(name, f"{name}@forum.example", "x") for name in names}, admin


def logged_in(name):
    """A browser of this user."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def send(client, url, **fields):
    """Sends a form; an answer other than the redirect of success ends the filling."""
    answer = client.post(url, fields)
    if answer.status_code != 302:
        form = (answer.context or {}).get("form") or (answer.context or {}).get("post_form")
        raise SystemExit(f"{url} answered {answer.status_code}: {form.errors if form else ''}")


def serve(port: int):
    from django.core.management import call_command

    call_command("runserver", f"127.0.0.1:{port}", "--noreload", "--skip-checks", "--insecure")
