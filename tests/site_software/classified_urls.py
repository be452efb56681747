"""Addresses of the classified site: django-classified's own, with a robots.txt that also closes a group and its ad."""

from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.urls import include, path
from django_site import ROBOTS


def robots(_request):
    from django_classified.models import Item

    closed = Item.objects.get(group__slug="kin")
    rules = ROBOTS.format(private=closed.group.get_absolute_url())
    return HttpResponse(rules.replace("\n\n", f"\nDisallow: /{closed.pk}-\n\n"), content_type="text/plain")


urlpatterns = [
    path("robots.txt", robots),
    path("dang-nhap/", LoginView.as_view(template_name="admin/login.html")),
    path("", include("django_classified.urls")),
]
