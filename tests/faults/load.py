"""Clients that write, and remember what was acknowledged, so that it can be looked for afterwards."""

import hashlib
import http.client
import json
import sqlite3
import threading
import time

from harness import JSON, bearer, check


def body_of(title, version):
    """What belongs to a note: half a note would not have it."""
    return hashlib.sha256(f"{title} {version}".encode()).hexdigest() * 8


class Load:
    """Writers of notes. Each has a connection, as clients have, and opens another if it breaks."""

    def __init__(self, port, token, writers=8, pause=0.0, timeout=35):
        self.port, self.token, self.pause, self.timeout = port, token, pause, timeout
        self.lock, self.over = threading.Lock(), threading.Event()
        # Of each note: its title and the version that was acknowledged last; those with a request on its way.
        self.kept, self.deleted, self.unsure = {}, set(), {}
        self.statuses, self.broken, self.slowest, self.without_retry = {}, 0, 0.0, 0
        # When a request failed last, and when one succeeded last.
        self.failed_at = self.ok_at = 0.0
        self.threads = [threading.Thread(target=self.write, args=(n,), daemon=True) for n in range(writers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def is_well(self):
        """Whether a write has succeeded since the last one that failed."""
        return self.ok_at > self.failed_at

    def acknowledged(self):
        return len(self.kept) + len(self.deleted)

    def write(self, writer):
        client, count, own = Client(self.port, self.token, self.timeout), 0, []
        while not self.over.is_set():
            count += 1
            title = f"{id(self)}-{writer}-{count}"
            kind = count % 8
            if kind == 5 and own:
                self.change(client, own[-1])
            elif kind == 7 and len(own) > 4:
                self.delete(client, own.pop(0))
            else:
                body = {"title": title, "body": body_of(title, 1)}
                made = self.send(client, "POST", "/api/v1/notes", body, 201)
                if made:
                    with self.lock:
                        self.kept[made["id"]] = (title, 1)
                    own.append(made["id"])
            if self.pause:
                time.sleep(self.pause)
        client.close()

    def change(self, client, note):
        title, version = self.kept[note]
        with self.lock:
            self.unsure[note] = version + 1
        body = {"body": body_of(title, version + 1)}
        if self.send(client, "PATCH", f"/api/v1/notes/{note}", body, 200, {"If-Match": f'"{version}"'}):
            with self.lock:
                self.kept[note] = (title, version + 1)

    def delete(self, client, note):
        with self.lock:
            title, _ = self.kept.pop(note)
            self.unsure[note] = "deleted"
        if self.send(client, "DELETE", f"/api/v1/notes/{note}", None, 204) is not None:
            with self.lock:
                self.deleted.add(note)

    def send(self, client, method, path, body, expected, headers=None):
        begun = time.monotonic()
        status, answer, retry = client.ask(method, path, body, headers)
        took = time.monotonic() - begun
        with self.lock:
            self.slowest = max(self.slowest, took)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.broken += status == 0
            self.without_retry += status == 503 and not retry
            if status in (0, 502, 503, 504):
                self.failed_at = time.monotonic()
            elif status == expected:
                self.ok_at = time.monotonic()
        if status != expected:
            # A killed server, or one without a database, is not to be asked as fast as possible.
            if status in (0, 502, 503, 504):
                self.over.wait(0.05)
            return None
        return answer

    def verify(self, notes):
        """Looks for what was acknowledged in `notes`, rows of id, title, body and version. Returns how many there are
        that were not acknowledged: their answer was lost."""
        found = {row[0]: row[1:] for row in notes}
        for note, (title, version) in self.kept.items():
            check(note in found, f"the note {note} was acknowledged and is lost")
            is_title, _, is_version = found[note]
            check(is_title == title, f"the note {note} has another title")
            check(is_version == version or is_version == self.unsure.get(note),
                  f"the note {note} was acknowledged with version {version} and has {is_version}")
        for note in self.deleted:
            check(note not in found, f"the note {note} was deleted, as acknowledged, and is there")
        ours = [row for row in found.values() if row[0].startswith(f"{id(self)}-")]
        for title, body, version in ours:
            check(body == body_of(title, version), f"half of the note {title} is there")
        return len(ours) - len(self.kept)

    def said(self):
        known = {0: "no answer", 201: "created", 200: "changed", 204: "deleted"}
        parts = (f"{count} {known.get(status, status)}" for status, count in sorted(self.statuses.items()))
        return f"{', '.join(parts)}; slowest {self.slowest:.1f} s"


class Client:
    """A connection that is opened again when it breaks."""

    def __init__(self, port, token, timeout=35):
        self.port, self.timeout, self.connection = port, timeout, None
        self.headers = {"Host": "localhost", **JSON, **(bearer(token) if token else {})}

    def ask(self, method, path, body=None, headers=None):
        """Status (0 where there was no answer), the JSON, and Retry-After."""
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            body = None if body is None else json.dumps(body)
            self.connection.request(method, path, body, {**self.headers, **(headers or {})})
            response = self.connection.getresponse()
            text = response.read()
            if response.will_close:
                self.close()
            is_json = "json" in (response.getheader("Content-Type") or "")
            return response.status, json.loads(text) if text and is_json else {}, response.getheader("Retry-After")
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return 0, {}, None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def hyphenated(value):
    text = value.hex() if isinstance(value, bytes) else value.replace("-", "")
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def notes_of_sqlite(file):
    """All notes, after SQLite's own checks of the file."""
    connection = sqlite3.connect(file, timeout=20)
    whole = connection.execute("PRAGMA integrity_check").fetchall()
    check(whole == [("ok",)], f"integrity_check: {whole[:3]}")
    dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
    check(not dangling, f"foreign_key_check: {dangling[:3]}")
    rows = connection.execute("SELECT id, title, body, version FROM notes").fetchall()
    connection.close()
    return [(hyphenated(note), title, body, version) for note, title, body, version in rows]


def notes_of_postgres(cluster, database="vestibule"):
    rows = cluster.sql("SELECT id, title, body, version FROM notes", database)
    return [(note, title, body, int(version)) for note, title, body, version in rows]
