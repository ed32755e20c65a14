"""Creates the tables, the accounts and their credentials. Reads the rows as JSON from standard input, and prints the
headers that each credential is sent in. Environment: DATABASE_URL."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from knox.models import AuthToken  # noqa: E402
from notes.models import Note  # noqa: E402

CSRF = "0123456789abcdefghijABCDEFGHIJ01"

wanted = json.load(sys.stdin)
call_command("migrate", verbosity=0)
with connection.schema_editor() as editor:
    editor.create_model(Note)

result = {}
for account in wanted["accounts"]:
    name, email = account["name"], account["email"]
    user = User.objects.create_user(email, email, wanted["password"], first_name=name)
    Note.objects.bulk_create(Note(owner=user, **note) for note in account["notes"])
    _, token = AuthToken.objects.create(user)
    browser = Client()
    browser.force_login(user)
    session = browser.cookies["sessionid"].value
    result[name] = {
        "id": str(user.pk),
        "token": {"Authorization": f"Token {token}"},
        "session": {"Cookie": f"sessionid={session}; csrftoken={CSRF}", "X-CSRFToken": CSRF},
    }
print(json.dumps(result))
