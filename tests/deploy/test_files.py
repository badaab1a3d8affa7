"""The files of deploy/, each read by the program that it is for."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from tests.server.processes import PROJECT
from tests.test_docs import find_commands, read_variables

DEPLOY = PROJECT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.is_file())
SHELL_SCRIPTS = sorted(DEPLOY.glob("*.sh"))
MANAGE = re.compile(r"manage\.py,? ([a-z_]+)((?: --?[a-z-]+)*)")
EXPOSURE_LIMIT = 15  # tenths; 0 is locked in, 100 unconfined (systemd-analyze security)


def run(*command: str | Path, cwd: Path = PROJECT) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def require(program: str) -> str:
    path = shutil.which(program, path=f"{Path(sys.executable).parent}:/usr/bin:/usr/sbin:/bin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ after its first step."""
    folder = tmp_path_factory.mktemp("checkout") / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns("secrets", "tls", "app.env"))
    run(folder / "prepare.sh", "verify.example.com")
    return folder


def list_manage_calls() -> list[tuple[str, str, list[str]]]:
    """Every call of manage.py in the files here: (file, command, options)."""
    files = [*UNITS, *SHELL_SCRIPTS, DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", PROJECT / "Procfile"]
    return [
        (path.name, command, options.split())
        for path in files
        for command, options in MANAGE.findall(path.read_text(encoding="utf-8"))
    ]


def test_the_image_is_built_as_hadolint_wants_it() -> None:
    run(require("hadolint"), DEPLOY / "Dockerfile")


def test_the_image_runs_as_an_account_of_its_own_and_holds_no_secret_or_private_file() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 10001:10001"
    assert any("--require-hashes" in line for line in lines)
    ignored = set((PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    assert {".git", ".env", "var", "deploy/secrets", "deploy/tls", "deploy/app.env"} <= ignored


def test_compose_reads_its_file(prepared: Path) -> None:
    program = require("docker-compose")
    read: dict[str, Any] = yaml.safe_load(run(program, "-f", prepared / "compose.yaml", "config"))
    services = read["services"]
    assert {"app1", "app2", "nginx", "postgres", "redis", "webhooks", "timers"} <= set(services)
    ours = [service for service in services.values() if service["image"] == "proof-of-life:local"]
    for service in ours:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "ports" not in service
        assert not {"SECRET_KEY", "DATABASE_URL"} & set(service["environment"])
    assert read["networks"]["inside"]["internal"] is True


def test_preparing_twice_changes_nothing(prepared: Path) -> None:
    before = {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()}
    run(prepared / "prepare.sh", "other.example.com")
    assert before == {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()}
    assert len((prepared / "secrets" / "secret_key").read_text()) >= 50
    assert (prepared / "secrets").stat().st_mode & 0o077 == 0
    assert "ALLOWED_HOSTS=verify.example.com" in (prepared / "app.env").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_the_shell_reads_each_script(script: Path) -> None:
    run("sh", "-n", script)
    assert script.stat().st_mode & 0o111


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    program = require("systemd-analyze")
    shutil.copytree(DEPLOY / "systemd", tmp_path / "units")
    for path in (tmp_path / "units").rglob("*.*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("/opt/proof-of-life", str(PROJECT)), encoding="utf-8")
    (tmp_path / "units" / "proof-of-life@.service").rename(tmp_path / "units" / "proof-of-life@8001.service")
    units = [path for path in sorted((tmp_path / "units").iterdir()) if path.is_file()]
    said = run(program, "verify", "--man=no", *units)
    assert "proof-of-life" not in said, said


@pytest.mark.parametrize("name", ["proof-of-life@8001", "proof-of-life-webhooks", "proof-of-life-rotate"])
def test_the_services_can_do_little_beside_their_work(tmp_path: Path, name: str) -> None:
    program = require("systemd-analyze")
    folder = DEPLOY / "systemd"
    assert (folder / "proof-of-life@.service.d").resolve() == folder / "proof-of-life-.service.d"
    parts = [folder / f"{name.replace('8001', '')}.service", *(folder / "proof-of-life-.service.d").iterdir()]
    unit = tmp_path / f"{name}.service"
    unit.write_text("\n".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")
    run(program, "security", "--offline=true", f"--threshold={EXPOSURE_LIMIT}", unit)


def test_every_call_of_a_command_is_one_that_exists() -> None:
    calls = list_manage_calls()
    assert len(calls) > 15
    ours = set(find_commands())
    for file, command, options in calls:
        if command not in ours:
            assert command in {"migrate", "check", "collectstatic", "cleartokens"}, (file, command)
            continue
        parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
        known = {option for action in parser._actions for option in action.option_strings}
        assert set(options) <= known, (file, command)


def test_the_procfile_starts_programs() -> None:
    for line in (PROJECT / "Procfile").read_text(encoding="utf-8").splitlines():
        name, _, command = line.partition(": ")
        assert name in {"release", "web", "webhooks", "timers"}
        first = shlex.split(command)[0]
        assert first == "python" or (PROJECT / first).is_file()


def test_the_example_of_an_environment_sets_only_what_is_read() -> None:
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    read = {variable.name for variable in read_variables()}
    assert [name for name in names if name.removesuffix("_FILE") not in read] == []
