"""A relying party in one file, standard library only: `POL_URL=... POL_API_KEY=... python shop.py [PORT]`.

It opens a session for each visit and shows the check in its own page. Before it ships anything, a real shop asks
`GET /auth/sessions/{session_id}` from its back end: what a page says of itself is no evidence.
"""

import json
import os
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.request import Request, urlopen

SERVER = os.environ["POL_URL"].rstrip("/")
PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8").replace("${", "$${"))


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The order page, with a session of its own."""
        nonce = secrets.token_urlsafe(16)
        page = PAGE.substitute(SERVER=SERVER, VERIFY_URL=open_session("order-4711"), NONCE=nonce).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        policy = f"default-src 'none'; script-src 'nonce-{nonce}' {SERVER}; style-src 'nonce-{nonce}'"
        self.send_header("Content-Security-Policy", f"{policy}; frame-src {SERVER}")
        self.send_header("Permissions-Policy", f'camera=(self "{SERVER}")')
        self.end_headers()
        self.wfile.write(page)


def open_session(user_id: str) -> str:
    """The verify_url of a new session. Raises HTTPError where the server refuses."""
    headers = {"Content-Type": "application/json", "Authorization": f"Api-Key {os.environ['POL_API_KEY']}"}
    body = json.dumps({"user_id": user_id}).encode()
    request = Request(f"{SERVER}/auth/verify", body, headers)  # noqa: S310  (the operator's own address)
    with urlopen(request) as answer:  # noqa: S310
        return str(json.load(answer)["verify_url"])


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    ThreadingHTTPServer(("127.0.0.1", port), Shop).serve_forever()
