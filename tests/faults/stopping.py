"""SIGTERM during requests and uploads."""

import json
import socket
import time

from harness import Background, Folder, Instance, check
from load import Load, body_of, notes_of_postgres, notes_of_sqlite
from postgres import Cluster


def stopped(binary, folder, url, notes, rounds=5):
    """Stops it in the middle of requests and of uploads, some of which end and some never do."""
    instance, finished, longest = Instance(binary, folder / "server", url), 0, 0.0
    instance.start()
    token = instance.token("ada")
    loads = []
    try:
        for number in range(rounds):
            # The last one has uploads that never end, which it waits for no longer than it may.
            endless = number == rounds - 1
            uploads = [Upload(instance, token, f"upload-{number}-{n}") for n in range(20)]
            with Load(instance.port, token, writers=8) as load:
                time.sleep(0.6)
                results = []

                def go_on(_, uploads=uploads, results=results, endless=endless):
                    time.sleep(0.5)
                    for upload in uploads[1:] if endless else uploads:
                        results.append(upload.finish())

                with Background(go_on):
                    code, took = instance.stop()
            loads.append(load)
            check(code == 0, f"exit code {code}")
            check(set(results) == {201}, f"uploads that were under way: {set(results)}")
            check(took < (31 if endless else 5), f"it took {took:.1f} s to stop")
            finished, longest = finished + len(results), max(longest, took)
            instance.start()
        there = {row[1] for row in notes(instance)}
        for number in range(rounds):
            for n in range(20):
                if (number, n) != (rounds - 1, 0):
                    check(f"upload-{number}-{n}" in there, f"upload-{number}-{n} was acknowledged and is lost")
        for load in loads:
            check(set(load.statuses) <= {0, 200, 201, 204}, f"other answers: {load.said()}")
            load.verify(notes(instance))
    finally:
        instance.__exit__()
    acknowledged = sum(load.acknowledged() for load in loads)
    return (f"{rounds} times: {acknowledged} acknowledged writes and {finished} uploads that were under way, 0 lost; "
            f"exit code 0; {longest:.1f} s with an upload that never ends")


class Upload:
    """Half of a request."""

    def __init__(self, instance, token, title):
        body = json.dumps({"title": title, "body": body_of(title, 1)}).encode()
        self.rest = body[10:]
        self.stream = socket.create_connection(("127.0.0.1", instance.port), 5)
        self.stream.settimeout(30)
        head = (f"POST /api/v1/notes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
        self.stream.sendall(head.encode() + body[:10])

    def finish(self):
        self.stream.sendall(self.rest)
        answer = self.stream.recv(4096)
        self.stream.close()
        return int(answer.split(b" ")[1]) if answer else 0


def sigterm_on_sqlite(binary):
    """SIGTERM under load with uploads under way, on SQLite."""
    with Folder() as folder:
        return stopped(binary, folder, "sqlite:vestibule.db",
                       lambda instance: notes_of_sqlite(instance.folder / "vestibule.db"))


def sigterm_on_postgres(binary):
    """The same on PostgreSQL."""
    with Folder() as folder, Cluster(folder) as cluster:
        return stopped(binary, folder, cluster.create(), lambda _: notes_of_postgres(cluster), 3)


SCENARIOS = [sigterm_on_sqlite, sigterm_on_postgres]
