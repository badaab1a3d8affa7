"""The webhooks' deliverer while the database goes away and comes back: it says so, and goes on."""

import subprocess
import sys
from pathlib import Path

from tests.server.migrated import migrate
from tests.server.postgres import Postgres
from tests.server.processes import PATIENCE_S, PROJECT, Process, build_environment
from tests.verification.receiver import run_receiver

LOSE_ONE_SESSION = """
from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty
opened = services.open_session(user_id="subject-001", relying_party=RelyingParty.objects.get())
services.abandon_session(opened.session.pk, Reason.DISCONNECTED)
"""


def build_command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def manage(env: dict[str, str], *arguments: str) -> None:
    subprocess.run(
        build_command(*arguments), cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S, capture_output=True
    )


def test_a_database_that_goes_away_ends_no_deliverer_and_no_message_is_lost(
    tmp_path: Path, signing_keys_dir: Path, own_postgres: Postgres
) -> None:
    with run_receiver() as receiver:
        env = build_environment(
            tmp_path, signing_keys_dir, DATABASE_URL=own_postgres.url, POL_WEBHOOK_ALLOW_PRIVATE="1"
        )
        migrate(env)
        manage(env, "relying_party", "create", "shop", "--webhook-url", receiver.url)
        manage(env, "shell", "-c", LOSE_ONE_SESSION)
        deliverer = Process(build_command("deliver_webhooks", "--interval", "1"), env)
        try:
            deliverer.wait_for_line("1 delivered")
            own_postgres.stop()
            deliverer.wait_for_line("Webhooks wait; the database does not answer")
            own_postgres.start()
            manage(env, "shell", "-c", LOSE_ONE_SESSION)
            receiver.wait_for(2)
        finally:
            assert deliverer.stop() == 0, deliverer.log
    assert "Traceback" not in deliverer.log, deliverer.log
    assert {received.message["data"]["reason"] for received in receiver.received} == {"disconnected"}
