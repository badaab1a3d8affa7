"""Whole sessions over real sockets: the reference client before a clip, up to a token."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc import jwt as jose_jwt
from joserfc.jwk import KeySet

from tests.asyncapi import check_server_message
from tests.server.conftest import UNHURRIED
from tests.server.processes import PATIENCE_S, PROJECT, Daphne, build_environment, run_daphne
from tests.verification.clips.performed import PerformedClip
from tests.verification.clips.test_real_clips import ACTIONS, CLIP
from verification.clips.remote import RemoteSession, open_remote_session
from verification.clips.segments import ClipError

DRAWS = 4
OF_A_RECORDING = {"replay_detected", "injection_suspected"}


@pytest.fixture(scope="module")
def default_server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    """The default policy, with the time that a clip takes on a machine that has other things to do."""
    folder = tmp_path_factory.mktemp("default")
    with run_daphne(build_environment(folder, signing_keys_dir, **UNHURRIED)) as daphne:
        yield daphne


def test_the_simulated_subject_gets_a_token_that_others_accept(
    server: Daphne, performed_clip: PerformedClip
) -> None:
    subject = performed_clip.as_subject()
    heard: list[dict[str, Any]] = []
    address = open_remote_session(server.url, subject, user_id="alice")
    session = RemoteSession(subject, address, on_message=heard.append)
    verdict = session.run()
    assert (verdict.decision, verdict.reason) == ("pass", "verified"), verdict
    assert [record.outcome for record in verdict.challenges] == ["passed"] * 4
    assert (heard[0]["type"], heard[-1]["type"]) == ("session", "result")
    for message in heard:
        check_server_message(message)
    answer = requests.post(f"{server.url}/token/validate", json={"token": verdict.token}, timeout=30).json()
    assert answer["valid"] is True
    jwks = requests.get(f"{server.url}/.well-known/jwks.json", timeout=30).json()
    token = jose_jwt.decode(str(verdict.token), KeySet.import_key_set(jwks), algorithms=["RS256"])
    assert token.claims == answer["payload"]
    assert token.claims["sub"] == "alice"
    assert str(verdict.token) not in server.log


def test_a_server_that_says_no_is_told_in_words(server: Daphne, performed_clip: PerformedClip) -> None:
    subject = performed_clip.as_subject()
    with pytest.raises(ClipError, match="answered 400"):
        open_remote_session(server.url, subject, user_id="")
    address = open_remote_session(server.url, subject, user_id="alice")
    with pytest.raises(ClipError, match="bad_ticket"):
        RemoteSession(subject, address[:-6] + "wrong!").run()


def test_a_living_person_passes_on_a_running_server(default_server: Daphne, clips_dir: Path) -> None:
    """The whole command against the whole server, with the default policy.

    The clip lasts eight seconds and is walked to and fro. Some draws, and a slow machine, have it show the same seconds
    again and again, which is a recording's way whoever is on it; then another is drawn.
    """
    clip = clips_dir / CLIP
    if not clip.is_file():
        pytest.skip(f"POL_CLIPS holds no {CLIP}")
    for _ in range(DRAWS):
        ended = verify_clip(clip, default_server)
        assert "never retrieved" not in ended.stderr
        if json.loads(ended.stdout)["reason"] not in OF_A_RECORDING:
            break
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"reason": "verified"' in ended.stdout


def verify_clip(clip: Path, server: Daphne) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "verify_clip", str(clip), "--actions", ACTIONS]
    return subprocess.run(
        [*command, "--url", server.url, "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
