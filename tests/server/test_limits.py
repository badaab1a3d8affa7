"""Failures are counted by all replicas together, and a lockout at one is one at the other."""

import json
import subprocess
import sys

import requests
from websockets.sync.client import connect

from tests.server.cluster import Cluster
from tests.server.processes import PATIENCE_S, PROJECT, Daphne
from tests.verification.pictures import make_jpeg
from verification.liveness.frame_gate import FrameHeader
from verification.messages import build_binary, decode_nonce

FAILURES = 5  # POL_LOCKOUT_FAILURES


def manage(cluster: Cluster, *arguments: str) -> str:
    command = [sys.executable, "manage.py", arguments[0], "--skip-checks", *arguments[1:]]
    done = subprocess.run(command, cwd=PROJECT, env=cluster.env, check=True, capture_output=True, text=True)
    return done.stdout


def fail_by_replay(address: str) -> str:
    """Hold a session that shows the same frame number twice; the reason it ends with."""
    with connect(address) as person:
        person.send('{"type": "ready", "camera": {}}')
        while (message := json.loads(person.recv(timeout=PATIENCE_S)))["type"] != "challenge":
            pass
        frame = build_binary(FrameHeader(decode_nonce(message["nonce"]), 1, 40), make_jpeg())
        person.send(frame)
        person.send(frame)
        while (message := json.loads(person.recv(timeout=PATIENCE_S)))["type"] != "result":
            pass
    return str(message["reason"])


def test_failures_at_both_processes_lock_the_person_out_at_both_and_staff_lift_it(cluster: Cluster) -> None:
    key = manage(cluster, "relying_party", "create", "bank").split()[-1]

    def ask(server: Daphne, user_id: str = "subject-003") -> requests.Response:
        headers = {"Authorization": f"Api-Key {key}"}
        body = {"user_id": user_id}
        return requests.post(f"{server.url}/auth/verify", json=body, headers=headers, timeout=PATIENCE_S)

    for number in range(FAILURES):
        opened = ask(cluster.replicas[number % 2]).json()
        assert fail_by_replay(opened["websocket_url"]) == "replay_detected"
    for server in cluster.replicas:
        answer = ask(server)
        assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert "subject-003" not in answer.text
        assert ask(server, "subject-004").status_code == 201
    manage(cluster, "unlock_subject", "bank", "subject-003")
    assert [ask(server).status_code for server in cluster.replicas] == [201, 201]
