"""Signs in, changes a note, and meets three refusals, with the client of openapi-python-client:

flow.py ORIGIN EMAIL PASSWORD
"""
import sys
import uuid

from client import AuthenticatedClient, Client
from client.api.account import get_me
from client.api.notes import create_note, update_note
from client.api.signing_in import login
from client.models import (
    Account,
    LoggedIn,
    Login,
    NewNote,
    Note,
    NoteChange,
    PreconditionFailedProblem,
    TooManyRequestsProblem,
    UnauthorizedProblem,
)

origin, email, password = sys.argv[1:]
api = f"{origin}/api/v1"


def check(holds, claim, found=None):
    if not holds:
        sys.exit(f"{claim}, but: {found}")


with Client(base_url=api) as stranger:
    signed_in = login.sync(client=stranger, body=Login(email=email, password=password, name="flow"))
check(isinstance(signed_in, LoggedIn), "signing in gives a token", signed_in)

client = AuthenticatedClient(base_url=api, token=signed_in.token)
new = NewNote(title="Groceries", body="Oat milk")
created = create_note.sync_detailed(client=client, body=new, idempotency_key=str(uuid.uuid4()))
note, etag = created.parsed, created.headers["ETag"]
check(isinstance(note, Note), "a note is created", note)

changed = update_note.sync(note.id, client=client, body=NoteChange(title="Groceries for Friday"), if_match=etag)
check(isinstance(changed, Note) and changed.title == "Groceries for Friday", "a note is changed", changed)

match update_note.sync(note.id, client=client, body=NoteChange(title="Too late"), if_match=etag):
    case PreconditionFailedProblem(code="precondition_failed", status=412):
        pass  # Read it again, then repeat the change.
    case other:
        check(False, "a stale version is 412", other)

refused = get_me.sync(client=AuthenticatedClient(base_url=api, token="not-a-token"))
check(isinstance(refused, UnauthorizedProblem), "a wrong token is 401", refused)
check(refused.code == "token_invalid" and refused.detail, "a problem has its code", refused)

for _ in range(100):
    answer = get_me.sync_detailed(client=client)
    if not isinstance(answer.parsed, Account):
        break
limited = answer.parsed
check(isinstance(limited, TooManyRequestsProblem), "too many requests are 429", limited)
check(limited.code == "rate_limited" and limited.request_id, "a problem has its code", limited)
check(int(answer.headers["Retry-After"]) >= 1, "a refusal says when to come back", answer.headers)
