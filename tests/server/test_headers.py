"""Every page that the running server has, found by following its links: its headers, its cookies, its scripts."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
import requests

from tests.server.conftest import Production
from tests.server.processes import PATIENCE_S, PROJECT, Daphne

SHOP = "https://shop.example"
PASSWORD = "correct horse battery staple"
BY_TLS = {"X-Forwarded-Proto": "https"}
MOST_PAGES = 80
STARTS = (
    "/", "/nothing-here", "/verify/00000000-0000-4000-8000-000000000000", "/auth/verify", "/auth/sessions/x",
    "/token/validate", "/health", "/api/schema", "/.well-known/jwks.json", "/.well-known/openid-configuration",
    "/oidc/authorize", "/oidc/continue", "/oidc/userinfo", "/admin/login/", "/admin/", "/static/css/base.css",
)  # fmt: skip


class PageReader(HTMLParser):
    """Where a page leads, and what in it could run."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        is_data = given.get("type") in {"application/json", "importmap"}
        if tag == "script" and "src" not in given and not is_data:
            self.inline.append("<script>")
        self.inline += [f"{tag} {name}" for name in given if name.startswith("on")]
        self.inline += [f"{tag} {name}" for name, value in given.items() if value.startswith("javascript:")]


@dataclass
class Site:
    """The server with DEBUG off, a staff account's cookie, and the capture page of a party that frames it."""

    server: Daphne
    framed: str
    cookie: str = ""
    set_cookies: list[str] = field(default_factory=list)

    def get(self, path: str) -> requests.Response:
        headers = BY_TLS | ({"Cookie": self.cookie} if self.cookie else {})
        answer = requests.get(
            f"{self.server.url}{path}", headers=headers, allow_redirects=False, timeout=PATIENCE_S
        )
        self.set_cookies += answer.raw.headers.getlist("Set-Cookie")
        return answer

    def log_in(self) -> None:
        login = self.get("/admin/login/")
        token = login.cookies["csrftoken"]
        form = {"username": "root", "password": PASSWORD, "csrfmiddlewaretoken": token}
        headers = BY_TLS | {
            "Cookie": f"csrftoken={token}",
            "Referer": self.server.url.replace("http:", "https:"),
        }
        answer = requests.post(
            f"{self.server.url}/admin/login/",
            form,
            headers=headers,
            allow_redirects=False,
            timeout=PATIENCE_S,
        )
        self.set_cookies += answer.raw.headers.getlist("Set-Cookie")
        self.cookie = f"sessionid={answer.cookies['sessionid']}; csrftoken={token}"

    def crawl(self) -> Iterator[tuple[str, requests.Response]]:
        """Every address that links lead to, each once, though not every query of each."""
        waiting = [*STARTS, self.framed]
        seen: set[str] = set()
        while waiting and len(seen) < MOST_PAGES:
            path = waiting.pop(0)
            if (bare := re.sub(r"\d+", "0", urlsplit(path).path)) in seen or "logout" in path:
                continue
            seen.add(bare)
            answer = self.get(path)
            yield path, answer
            waiting += [urldefrag(urljoin(path, link))[0] for link in read(answer).links if "//" not in link]
            if "Location" in answer.headers:
                waiting.append(urlsplit(answer.headers["Location"]).path)


def read(answer: requests.Response) -> PageReader:
    page = PageReader()
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        page.feed(answer.text)
    return page


@pytest.fixture(scope="module")
def site(production: Production) -> Site:
    server, env = production.server, {**production.env, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}

    def manage(*arguments: str) -> str:
        command = [sys.executable, "manage.py", arguments[0], "--skip-checks", *arguments[1:]]
        done = subprocess.run(command, cwd=PROJECT, env=env, check=True, capture_output=True, text=True)
        return done.stdout

    manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org")
    key = manage("relying_party", "create", "shop", "--origin", SHOP).split()[-1]
    opened = requests.post(
        f"{server.url}/auth/verify",
        json={"user_id": "subject-001"},
        headers=BY_TLS | {"Authorization": f"Api-Key {key}"},
        timeout=PATIENCE_S,
    ).json()
    site = Site(server, framed=f"/verify/{opened['session_id']}")
    site.log_in()
    return site


def find_faults(path: str, answer: requests.Response, framed: str) -> list[str]:
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    framing = SHOP if path == framed else "'none'"
    facts = {
        "CSP: only our own": re.search("default-src '(self|none)'", policy) is not None,
        "CSP: nothing inline, no eval": "unsafe-" not in policy and policy != "",
        "CSP: no plug-in, no base": "object-src 'none'" in policy and "base-uri 'none'" in policy,
        "CSP: framing": f"frame-ancestors {framing}" in policy,
        "X-Frame-Options": path == framed or headers.get("X-Frame-Options") == "DENY",
        "HSTS": "max-age=31536000" in headers.get("Strict-Transport-Security", ""),
        "nosniff": headers.get("X-Content-Type-Options") == "nosniff",
        "Referrer-Policy": headers.get("Referrer-Policy") == "same-origin",
        "COOP": headers.get("Cross-Origin-Opener-Policy") == "same-origin",
        "CORP": headers.get("Cross-Origin-Resource-Policy") == "same-origin",
        "camera=(self)": "camera=(self)" in headers.get("Permissions-Policy", ""),
        "microphone=()": "microphone=()" in headers.get("Permissions-Policy", ""),
        "no version told": not re.search(r"\d", headers.get("Server", "")),
        "no error of ours": answer.status_code < 500 or path == "/health",
        "nothing inline": read(answer).inline == [],
    }
    return [f"{path}: {fact}" for fact, holds in facts.items() if not holds]


def test_every_page_has_the_headers_and_runs_nothing_inline(site: Site) -> None:
    visited = dict(site.crawl())
    assert len([path for path in visited if path.startswith("/admin/")]) > 15, sorted(visited)
    pages = {path: answer for path, answer in visited.items() if not path.startswith("/static/")}
    assert [fault for path, answer in pages.items() for fault in find_faults(path, answer, site.framed)] == []
    assert site.framed in visited


def test_every_cookie_is_for_https_and_for_no_other_site(site: Site) -> None:
    site.get("/admin/")
    assert {cookie.partition("=")[0] for cookie in site.set_cookies} >= {"sessionid", "csrftoken"}
    for cookie in site.set_cookies:
        rest = cookie.lower().partition(";")[2]
        for attribute in ("secure", "httponly", "samesite="):
            assert attribute in rest or "max-age=0" in rest, cookie.partition("=")[0]
