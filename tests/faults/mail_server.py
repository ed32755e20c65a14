"""An SMTP server that keeps what it is sent, for three instances that share one queue of mail."""

import re
import socketserver
import threading

from harness import free_port


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        def say(line):
            self.wfile.write(line.encode() + b"\r\n")

        say("220 localhost")
        to = None
        for raw in self.rfile:
            line = raw.decode(errors="replace").strip()
            word = line.upper().split(" ")[0]
            if word == "EHLO":
                say("250 localhost")
            elif word == "RCPT":
                to = re.search(r"<(.*)>", line)[1]
                say("250 OK")
            elif word == "DATA":
                say("354 go on")
                text = b""
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    text += part
                self.server.mails.append((to, text.decode(errors="replace").replace("=\r\n", "").replace("=3D", "=")))
                say("250 OK")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 OK")


class Post(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        self.mails, port = [], free_port()
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"smtp://127.0.0.1:{port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def to(self, address):
        return [text for to, text in list(self.mails) if to == address]
