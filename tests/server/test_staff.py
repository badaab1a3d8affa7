"""Staff at one process, the person at another: what staff do must reach across."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.server.processes import PATIENCE_S, PROJECT, Daphne, build_environment, run_daphne, run_redis

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[list[Daphne]]:
    """Two processes on one database and one Redis, with a superuser."""
    folder = tmp_path_factory.mktemp("replicas")
    with ExitStack() as stack:
        redis = stack.enter_context(run_redis(folder))
        env = build_environment(folder, signing_keys_dir, REDIS_URL=redis, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
        servers = [stack.enter_context(run_daphne(env)) for _ in range(2)]
        command = ["createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org"]
        subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, env=env, check=True)
        yield servers


def log_in(server: Daphne) -> requests.Session:
    browser = requests.Session()
    login = f"{server.url}/admin/login/"
    browser.get(login, timeout=PATIENCE_S)
    form = {"username": "root", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(login, form, timeout=PATIENCE_S)
    assert "sessionid" in browser.cookies, answer.text
    return browser


def test_a_session_that_staff_end_in_one_process_ends_for_the_person_at_another(
    replicas: list[Daphne],
) -> None:
    near, far = replicas
    staff = log_in(far)
    opened = near.open_session("subject-001")
    with connect(opened["websocket_url"]) as person:
        person.send('{"type": "ready", "camera": {}}')
        while '"type": "challenge"' not in str(person.recv(timeout=PATIENCE_S)):
            pass
        address = f"{far.url}/admin/verification/verificationsession/{opened['session_id']}/end/"
        staff.get(address, timeout=PATIENCE_S)
        form = {"csrfmiddlewaretoken": staff.cookies["csrftoken"]}
        assert staff.post(address, form, timeout=PATIENCE_S).status_code == requests.codes.ok
        while '"type": "result"' not in (text := str(person.recv(timeout=PATIENCE_S))):
            pass
    assert '"reason": "cancelled"' in text
    assert far.read_session(opened)["reason"] == "cancelled"


def test_a_monitor_at_one_process_sees_a_session_come_at_another(replicas: list[Daphne]) -> None:
    near, far = replicas
    staff = log_in(far)
    address = far.url.replace("http://", "ws://") + "/ws/admin/monitor/en"
    cookie = {"Cookie": f"sessionid={staff.cookies['sessionid']}"}
    with connect(address, origin=Origin(far.url), additional_headers=cookie) as monitor:
        assert '"type": "sessions"' in str(monitor.recv(timeout=PATIENCE_S))
        opened = near.open_session("subject-002")
        while opened["session_id"] not in str(monitor.recv(timeout=PATIENCE_S)):
            pass
