"""A TCP relay in front of a database: it delays, it stops in the middle, it forgets connections, and leads to
another one, as an address does that an operator moves."""

import contextlib
import select
import socket
import threading
import time

from harness import free_port


class Relay:
    """From a port of 127.0.0.1 to `target`, which may be changed for new connections. `delay` is in seconds, for each
    piece of either direction."""

    def __init__(self, target):
        self.target, self.port, self.delay = target, free_port(), 0.0
        # Connections of an earlier generation are silent for ever, as those to a machine that vanished.
        self.generation, self.accepting = 0, True
        # How often all open connections were closed.
        self.cuts = 0
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.over = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()

    def vanish(self):
        """The machine behind all open connections is gone, without a word."""
        self.generation += 1

    def accept(self):
        while not self.over.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client, self.generation), daemon=True).start()

    def lead_to(self, target, cut=False):
        """New connections lead to `target`; with `cut`, those that are open are closed."""
        self.target = target
        self.cuts += cut

    def serve(self, client, generation):
        server, cuts = None, self.cuts
        try:
            while not self.accepting and not self.over.wait(0.05):
                pass
            server = socket.create_connection(("127.0.0.1", self.target), 5)
            pair = {client: server, server: client}
            while not self.over.is_set():
                ready, _, _ = select.select(list(pair), [], [], 0.2)
                if cuts != self.cuts:
                    return
                if generation != self.generation:
                    # Nothing is closed, so that neither side learns of it.
                    self.over.wait()
                    return
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if self.delay:
                        time.sleep(self.delay)
                    pair[source].sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            for each in (client, server):
                with contextlib.suppress(OSError, AttributeError):
                    each.close()
