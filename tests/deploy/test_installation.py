"""deploy/nginx.conf, as it is, before two servers that share PostgreSQL and Redis."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3
from redis import Redis
from websockets.sync.client import connect

from tests.deploy.conftest import HOST, Installation
from tests.server.processes import PATIENCE_S, PROJECT, Process, find_free_port

LISTENING = "Listening on"


@dataclass
class Site:
    """Everything behind one address. ports: of the two servers, then of http and https."""

    proxy: Process
    servers: list[Process]
    ports: list[int]
    certificate: Path
    api_key: str

    @property
    def https_port(self) -> int:
        return self.ports[3]

    def ask(self, path: str, *, method: str = "GET", **options: Any) -> requests.Response:
        headers = {"Host": HOST, **options.pop("headers", {})}
        with requests.Session() as browser:
            return browser.request(
                method, f"https://127.0.0.1:{self.https_port}{path}", headers=headers, verify=False,
                allow_redirects=False, timeout=PATIENCE_S, **options,
            )  # fmt: skip

    def open_session(self, **headers: str) -> requests.Response:
        given = {"Authorization": f"Api-Key {self.api_key}", **headers}
        return self.ask("/auth/verify", method="POST", json={"user_id": "subject-7"}, headers=given)

    def connect(self, websocket_url: str) -> Any:
        """A socket to the address that the answer names, at the port where nginx listens here."""
        parts = urlsplit(websocket_url)
        trust = ssl.create_default_context(cafile=str(self.certificate))
        near = socket.create_connection(("127.0.0.1", self.https_port), PATIENCE_S)
        address = f"wss://{HOST}:{self.https_port}{parts.path}?{parts.query}"
        return connect(address, sock=near, ssl=trust, open_timeout=PATIENCE_S)


@pytest.fixture(autouse=True)
def no_warnings_of_the_throwaway_certificate() -> None:
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def write_configuration(folder: Path, ports: list[int], tls: Path) -> Path:
    """deploy/nginx.conf with other ports and places; each must be there to be replaced."""
    text = (PROJECT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "/tmp/": f"{folder}/",
        "server app1:8000": f"server 127.0.0.1:{ports[0]}",
        "server app2:8000": f"server 127.0.0.1:{ports[1]}",
        "listen 80 ": f"listen 127.0.0.1:{ports[2]} ",
        "listen 443 ": f"listen 127.0.0.1:{ports[3]} ",
        "/etc/nginx/tls/": f"{tls}/",
        "access_log /dev/stdout": "access_log /dev/stderr",
        "error_log /dev/stderr warn": "error_log /dev/stderr notice",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    shutil.copytree(PROJECT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("tls"))
    subprocess.run([folder / "deploy" / "prepare.sh", HOST], check=True, capture_output=True)
    tls, ports = folder / "deploy" / "tls", [find_free_port() for _ in range(4)]
    configuration = write_configuration(folder, ports, tls)
    subprocess.run([nginx, "-t", "-q", "-c", configuration], check=True)
    key = installation.manage("relying_party", "--skip-checks", "create", "shop").splitlines()[-1]
    with ExitStack() as stack:
        servers = [start_server(installation, port, stack) for port in ports[:2]]
        for server in servers:
            server.wait_for_line(LISTENING)
        proxy = Process([nginx, "-c", str(configuration), "-g", "daemon off;"])
        stack.callback(proxy.stop)
        proxy.wait_for_line("start worker process")
        yield Site(proxy, servers, ports, tls / "fullchain.pem", key)
    for process in (*servers, proxy):
        assert "Traceback" not in process.log, process.log
        assert "ticket" not in process.log


def start_server(installation: Installation, port: int, stack: ExitStack) -> Process:
    command = installation.build_command("manage.py", "serve", "--host", "127.0.0.1", "--port", str(port))
    server = Process(command, installation.env, cwd=installation.root)
    stack.callback(server.stop)
    return server


def test_plain_http_is_sent_to_https(site: Site) -> None:
    address = f"http://127.0.0.1:{site.ports[2]}/verify/x?y=z"
    answer = requests.get(address, headers={"Host": HOST}, allow_redirects=False, timeout=PATIENCE_S)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/verify/x?y=z")


def test_pages_come_through_with_their_headers_and_files(site: Site) -> None:
    page = site.ask("/")
    assert page.status_code == 200
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    assert "nginx/" not in page.headers["Server"]
    assert site.ask("/static/css/base.css").status_code == 200


def test_a_session_is_held_through_the_proxy_and_its_ticket_is_in_no_log(site: Site) -> None:
    opened = site.open_session().json()
    assert opened["websocket_url"].startswith(f"wss://{HOST}/ws/verify/")
    with site.connect(opened["websocket_url"]) as person:
        assert json.loads(person.recv(PATIENCE_S))["type"] == "session"
        person.send('{"type": "ready", "camera": {}}')
        assert json.loads(person.recv(PATIENCE_S))["type"] == "challenge"
        person.send('{"type": "cancel"}')
        while (message := json.loads(person.recv(PATIENCE_S)))["type"] != "result":
            pass
    assert message["reason"] == "cancelled"
    path = urlsplit(opened["websocket_url"]).path
    site.proxy.wait_for_line(path)
    assert urlsplit(opened["websocket_url"]).query.partition("=")[2] not in site.proxy.log


def test_a_search_of_staff_leaves_no_name_in_the_log(site: Site) -> None:
    site.ask("/admin/verification/verificationsession/?q=subject-7")
    site.proxy.wait_for_line("/admin/verification/verificationsession/")
    assert "subject-7" not in site.proxy.log


def test_a_client_cannot_choose_the_address_it_is_counted_by(site: Site, installation: Installation) -> None:
    invented = [f"203.0.113.{number}" for number in range(3)]
    for address in invented:
        assert (
            site.open_session(**{"X-Forwarded-For": address, "Forwarded": f"for={address}"}).status_code
            == 201
        )
    with Redis.from_url(installation.env["REDIS_URL"]) as redis:
        counters = {key.decode().split(":")[-2] for key in redis.scan_iter("*limit:open_session:*")}
    assert len(counters) == 1


def test_what_is_too_large_ends_at_the_proxy(site: Site) -> None:
    assert site.ask("/token/validate", method="POST", data=b"x" * 70_000).status_code == 413


def test_hosts_of_others_and_paths_for_the_inside_are_refused(site: Site) -> None:
    assert site.ask("/", headers={"Host": "evil.example"}).status_code == 400
    assert site.ask("/metrics").status_code == 404


def test_the_health_check_of_the_image_says_how_its_server_is(installation: Installation, site: Site) -> None:
    def ask(port: int) -> int:
        command = installation.build_command("deploy/ask_health.py")
        env = {**installation.env, "PORT": str(port)}
        return subprocess.run(
            command, cwd=installation.root, env=env, check=False, timeout=PATIENCE_S
        ).returncode

    assert [ask(port) for port in (site.ports[0], find_free_port())] == [0, 1]


def test_the_timers_do_their_work(installation: Installation) -> None:
    timers = Process(["deploy/timers.sh"], installation.env, cwd=installation.root)
    try:
        timers.wait_for_line("deleted.")  # of purge_sessions
    finally:
        timers.stop()
    assert "ended with status" not in timers.log


def test_one_server_may_go_while_the_other_serves(site: Site) -> None:
    site.servers[1].stop()
    opened = [site.open_session() for _ in range(4)]
    assert {answer.status_code for answer in opened} == {201}
    for answer in opened:
        with site.connect(answer.json()["websocket_url"]) as person:
            assert json.loads(person.recv(PATIENCE_S))["type"] == "session"
