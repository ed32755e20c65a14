"""The calls, once for each kind of credential."""

from django.http import JsonResponse
from django.urls import path
from knox.auth import TokenAuthentication
from notes.views import Me, Notes, OneNote, SessionLogin, TokenLogin
from rest_framework.authentication import SessionAuthentication


def behind(door, authentication):
    by = {"authentication_classes": [authentication]}
    return [
        path(f"{door}/me", Me.as_view(**by)),
        path(f"{door}/notes", Notes.as_view(**by)),
        path(f"{door}/notes/<uuid:pk>", OneNote.as_view(**by)),
    ]


urlpatterns = [
    path("ready", lambda _: JsonResponse({"status": "ok"})),
    *behind("token", TokenAuthentication),
    *behind("session", SessionAuthentication),
    path("token/login", TokenLogin.as_view()),
    path("session/login", SessionLogin.as_view()),
]
