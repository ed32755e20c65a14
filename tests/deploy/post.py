"""A mail server with TLS, whose certificate is of an authority that nobody knows."""

import queue
import re
import socketserver
import ssl
import threading

from server import run


class Handler(socketserver.StreamRequestHandler):
    def setup(self):
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self):
        self.say("220 mail")
        for line in self.rfile:
            word = line.upper().split()[0]
            if word == b"RCPT":
                self.server.taken.put(re.search(rb"<(.*)>", line)[1].decode())
            if word == b"DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            self.say("221 bye" if word == b"QUIT" else "250 ok")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that does not trust the certificate hangs up."""


class Office:
    """The server, on a port of its own of 127.0.0.1, by the name `host`."""

    def __init__(self, folder, host):
        self.authority, key, certificate = (folder / name for name in ("authority.pem", "key.pem", "certificate.pem"))
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        run([*made, "-subj", "/CN=authority", "-keyout", folder / "authority.key", "-out", self.authority,
             "-addext", "keyUsage=critical,keyCertSign"])
        run([*made, "-subj", "/CN=mail", "-keyout", key, "-out", certificate, "-CA", self.authority,
             "-CAkey", folder / "authority.key", "-addext", f"subjectAltName=DNS:{host}",
             "-addext", "basicConstraints=critical,CA:FALSE"])
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.tls.load_cert_chain(certificate, key)
        self.server.taken = queue.Queue()
        self.url = f"smtps://{host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def first(self, seconds):
        """To whom the first mail is, which may take some seconds to come."""
        return self.server.taken.get(timeout=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
