"""Single requests, to prepare and to check what is measured."""

import http.client
import json
import urllib.parse


class Answer:
    """Status, headers (lower-case names) and body; status 0 where there was none."""

    def __init__(self, status=0, headers=(), body=b""):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}
        cookies = (value.split(";")[0].split("=", 1) for name, value in headers if name.lower() == "set-cookie")
        self.cookies = dict(cookies)

    def json(self):
        return json.loads(self.body)


def call(port, method, path, body=None, headers=None):
    """One request. A dictionary is sent as JSON, or as a form if the headers say so."""
    headers = dict(headers or {})
    if isinstance(body, dict):
        is_form = headers.get("Content-Type", "").endswith("form-urlencoded")
        body = urllib.parse.urlencode(body) if is_form else json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    except (OSError, http.client.HTTPException):
        return Answer()
    finally:
        connection.close()


def expect(port, request):
    """Sends a `load.Request` once, and insists on its status."""
    answer = call(port, request.method, request.path, request.body, request.headers)
    if answer.status != request.status:
        raise RuntimeError(f"{request.method} {request.path}: {answer.status} {answer.body[:300]!r}")
    return answer
