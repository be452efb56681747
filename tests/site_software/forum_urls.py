"""Addresses of the forum: django-machina's own, a robots.txt and a log-in page."""

from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.urls import include, path
from django_site import ROBOTS


def robots(_request):
    from machina.apps.forum.models import Forum

    closed = Forum.objects.get(name="Không cho máy đọc")
    return HttpResponse(ROBOTS.format(private=f"/forum/forum/{closed.slug}-{closed.pk}/"), content_type="text/plain")


urlpatterns = [
    path("robots.txt", robots),
    path("dang-nhap/", LoginView.as_view(template_name="admin/login.html")),
    path("forum/", include("machina.urls")),
]
