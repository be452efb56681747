"""A site on loopback from a folder: `site.py FOLDER [CERTIFICATE KEY]` serves until killed and prints its port.

A file `PATH.status` beside a page holds a status to answer with instead; what is asked for is printed.
"""

import functools
import http.server
import pathlib
import ssl
import sys

folder = pathlib.Path(sys.argv[1])


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print("GET", self.path, flush=True)
        name = self.path.strip("/").replace("/", "_") or "index.html"
        page, status = folder / name, folder / (name + ".status")
        body = page.read_bytes() if page.is_file() else b""
        code = int(status.read_text()) if status.is_file() else 200 if page.is_file() else 404
        self.send_response(code)
        self.send_header("Content-Type", "text/plain" if name.endswith(".txt") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    log_message = functools.partialmethod(lambda *_: None)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_port, flush=True)
server.serve_forever()
