"""A small API: python3 django_api.py PORT. `PAGE` is the origin that it allows, `LINE` a line of its settings."""

import os
import sys
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

options = {
    "ALLOWED_HOSTS": ["*"],
    "CORS_ALLOWED_ORIGINS": [os.environ["PAGE"]],
    "INSTALLED_APPS": ["corsheaders"],
    "MIDDLEWARE": [
        "corsheaders.middleware.CorsMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
    ],
    "ROOT_URLCONF": __name__,
    "SECRET_KEY": "of a test",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
}
exec(os.environ.get("LINE", ""), {}, options)
settings.configure(**options)


def login(request):
    request.session["name"] = "Ada"
    return JsonResponse({})


def me(request):
    name = request.session.get("name")
    return JsonResponse({"name": name}) if name else JsonResponse({}, status=401)


urlpatterns = [path("login", login), path("me", me)]
make_server("localhost", int(sys.argv[1]), get_wsgi_application()).serve_forever()
