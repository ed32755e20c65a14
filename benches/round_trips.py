"""Counts a server's statements and round trips to PostgreSQL, in a proxy between them."""

import socket
import threading

# The frontend's messages that run a statement (Query, Execute), and those after which it waits (Query, Sync). A Sync
# without a statement is a ping of the pool. https://www.postgresql.org/docs/current/protocol-message-formats.html
STATEMENT, WAITS = b"QE", b"QS"


class Proxy:
    """Listens on a port of this machine and passes everything on to the cluster's socket, counting."""

    def __init__(self, path):
        self.path, self.statements, self.round_trips = path, 0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, database):
        return f"postgres://vestibule@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.path)
            for source, target, counted in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pass_on, args=(source, target, counted), daemon=True).start()

    def pass_on(self, source, target, counted):
        rest, is_first = b"", True
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if not counted:
                    continue
                rest += data
                # The first message has no letter.
                while len(rest) >= (start := 0 if is_first else 1) + 4:
                    length = start + int.from_bytes(rest[start : start + 4], "big")
                    if len(rest) < length:
                        break
                    if not is_first:
                        self.statements += rest[0] in STATEMENT
                        self.round_trips += rest[0] in WAITS
                    rest, is_first = rest[length:], False
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()
