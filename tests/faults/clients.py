"""Clients that are slow, endless, or many and idle."""

import resource
import socket
import time

from harness import Failed, Folder, Instance, check, status
from load import Client, Load, notes_of_sqlite

MANY = {"VESTIBULE_SERVER__CONNECTIONS": "6000", "VESTIBULE_SERVER__CONNECTIONS_PER_NETWORK": "6000"}


def connect(instance):
    stream = socket.create_connection(("127.0.0.1", instance.port), 5)
    stream.settimeout(45)
    return stream


def answer(stream):
    """The status, or 0 if the connection was closed without one."""
    try:
        line = stream.recv(4096).split(b"\r\n")[0].split(b" ")
        return int(line[1]) if len(line) > 1 else 0
    except (OSError, ValueError):
        return 0


def open_files(wanted):
    """Lets this process, and those it starts, open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        except (ValueError, OSError) as error:
            raise Failed(f"this process may open {hard} files only; {wanted} are needed (ulimit -n)") from error
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def idle_connections(binary):
    """5,000 connections that say nothing, or that asked once, while others work."""
    open_files(12_000)
    with Folder() as folder, Instance(binary, folder / "server", **MANY) as instance:
        token = instance.token("ada")
        before, streams, refused = status("VmRSS", instance.process.pid), [], 0
        with Load(instance.port, token, writers=4, pause=0.01) as load:
            began = time.monotonic()
            for number in range(5000):
                stream = connect(instance)
                if number % 2:
                    stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    refused += answer(stream) != 200
                streams.append(stream)
            opened = time.monotonic() - began
            cost = status("VmRSS", instance.process.pid) - before
            files = instance.descriptors()
            client, slowest = Client(instance.port, token), 0.0
            for _ in range(50):
                asked = time.monotonic()
                check(client.ask("GET", "/api/v1/me")[0] == 200, "others are not served")
                slowest = max(slowest, time.monotonic() - asked)
            # Those that say nothing have 10 s for their first request.
            time.sleep(max(0, 12 - (time.monotonic() - began)))
            left = instance.descriptors()
            for stream in streams:
                stream.close()
            time.sleep(1)
        check(refused == 0, f"{refused} were refused")
        check(cost < 200_000, f"they cost {cost / 1000:.0f} MB")
        check(instance.descriptors() < 100, f"{instance.descriptors()} descriptors afterwards")
        check(set(load.statuses) <= {200, 201, 204}, f"the writes of others: {load.said()}")
        load.verify(notes_of_sqlite(instance.folder / "vestibule.db"))
        return (f"5,000 opened in {opened:.1f} s cost {cost / 1000:.0f} MB and {files} descriptors ({left} after 12 s, "
                f"{instance.descriptors()} once closed); others {1000 * slowest:.0f} ms at most; {load.said()}")


def too_many_connections(binary):
    """600 connections where 500 may be open: the others get a 503, and there is room once some are closed."""
    settings = {"VESTIBULE_SERVER__CONNECTIONS": "500", "VESTIBULE_SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    with Folder() as folder, Instance(binary, folder / "server", **settings) as instance:
        streams = [connect(instance) for _ in range(600)]
        time.sleep(0.5)
        late, refused = streams[510:570], 0
        for stream in late:
            refused += answer(stream) == 503
        check(refused > 50, f"{refused} of {len(late)} were told so")
        for stream in streams:
            stream.close()
        took = instance.becomes(200, 10)
        return f"{refused} of {len(late)} connections past the limit get 503; served again after {took:.1f} s"


def slow_writers(binary):
    """300 uploads of a byte a second, 300 whose head never ends, and 40 without an end."""
    with Folder() as folder, Instance(binary, folder / "server", **MANY) as instance:
        token = instance.token("ada")
        head = (f"POST /api/v1/notes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                "Content-Type: application/json\r\n").encode()
        before = status("VmRSS", instance.process.pid)
        with Load(instance.port, token, writers=2, pause=0.02) as load:
            bodies = [connect(instance) for _ in range(300)]
            heads = [connect(instance) for _ in range(300)]
            endless = [connect(instance) for _ in range(40)]
            began = time.monotonic()
            for stream in bodies:
                stream.sendall(head + b"Content-Length: 1000\r\n\r\n{")
            for stream in heads:
                stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            for stream in endless:
                stream.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            sent, cut, given = 0, 0, {}
            for stream in endless:
                try:
                    for _ in range(400):
                        stream.sendall(chunk)
                        sent += len(chunk)
                except OSError:
                    cut += 1
                given[answer(stream)] = given.get(answer(stream), 0) + 1
            most = status("VmHWM", instance.process.pid) - before
            while time.monotonic() - began < 19:
                for stream in bodies:
                    try:
                        stream.sendall(b" ")
                    except OSError:
                        pass
                time.sleep(1)
            statuses = [answer(stream) for stream in bodies]
            took = time.monotonic() - began
            closed = sum(answer(stream) in (0, 408) for stream in heads)
            for stream in bodies + heads + endless:
                stream.close()
        check(set(statuses) == {408}, f"slow bodies are answered with {set(statuses)}")
        check(took < 30, f"slow bodies took {took:.0f} s")
        check(closed == len(heads), f"{len(heads) - closed} heads without an end are still read")
        check(set(given) <= {413, 0} and cut, f"endless bodies are answered with {given}")
        check(most < 150_000, f"memory grew by {most / 1000:.0f} MB")
        check(set(load.statuses) <= {200, 201, 204}, f"the writes of others: {load.said()}")
        return (f"300 slow bodies are 408 within {took:.0f} s, 300 heads closed, {cut} endless bodies cut off after "
                f"{sent / 1e6 / len(endless):.1f} MB each; memory {most / 1000:+.0f} MB; others: {load.said()}")


def few_files(binary):
    """A process that may open 128 files only: it serves fewer connections, and comes back when they are closed."""
    with Folder() as folder:
        instance = Instance(binary, folder / "server", wrap=["sh", "-c", 'ulimit -n 128; exec "$0" "$@"'])
        with instance:
            streams = []
            for _ in range(200):
                try:
                    streams.append(connect(instance))
                except OSError:
                    break
            time.sleep(0.5)
            used = instance.descriptors()
            for stream in streams:
                stream.close()
            took = instance.becomes(200, 10)
            token = instance.token("ada")
            check(Client(instance.port, token).ask("POST", "/api/v1/notes", {"title": "a", "body": ""})[0] == 201,
                  "writes are refused afterwards")
            return f"{len(streams)} connections, {used} of 128 descriptors; ready {took:.1f} s after they closed"


SCENARIOS = [idle_connections, too_many_connections, slow_writers, few_files]
