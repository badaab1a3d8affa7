"""The documents against the code: a name, number or link that is no longer true fails here."""

import ast
import importlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from django.conf import settings

from verification import replies
from verification.liveness.actions import CATALOGUE, Action, ChallengeKind
from verification.liveness.policy import POLICY_VERSION, Floors
from verification.liveness.score import Signal
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Hint, Reason
from verification.messages import CloseCode
from verification.models import SessionStatus
from verification.tokens import REQUIRED_CLAIMS, RefusalReason
from verification.vision.image_header import RejectionCode

ROOT = Path(settings.BASE_DIR)
README, DOCS = ROOT / "README.md", ROOT / "docs"
DOCUMENTS = sorted([README, ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
BOUND = re.compile(r"^\| `([a-z_]+(?:\.\w+)+)` \| ([0-9.]+) \|", re.MULTILINE)


class Variable(NamedTuple):
    """default: the source of the default where it is a literal, else None."""

    name: str
    default: str | None


def read_variables() -> list[Variable]:
    """Every variable that the settings read, by the calls on `env`."""
    tree = ast.parse((ROOT / "polsite" / "settings.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_on_env(node.func)]
    return [Variable(str(ast.literal_eval(call.args[0])), read_default(call)) for call in calls]


def is_on_env(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "env"


def read_default(call: ast.Call) -> str | None:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "default"]
    if not given:
        return None
    if isinstance(given[0], ast.BinOp):
        return ast.unparse(given[0])
    try:
        value = ast.literal_eval(given[0])
    except ValueError:
        return None
    return "empty" if value in ("", []) else str(value)


def read_table_defaults(path: Path, column: int) -> dict[str, str]:
    """The default that each variable's row states; a row may speak of several, in order."""
    defaults: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[0])
        if line.startswith("| `") and len(cells) > column and names:
            stated = split_defaults(cells[column], len(names))
            defaults.update(zip(names, stated, strict=True))
    return defaults


def split_defaults(cell: str, count: int) -> list[str]:
    parts = [cell] if count == 1 else cell.split(", ")
    assert len(parts) == count, f"{cell!r} should state {count} defaults"
    return [part.strip("`") for part in parts]


def is_same_default(stated: str, actual: str) -> bool:
    try:
        return float(stated) == float(actual)
    except ValueError:
        return stated == actual


def read_code_spans(name: str) -> set[str]:
    return set(CODE_SPAN.findall((DOCS / name).read_text(encoding="utf-8")))


def resolve_bound(dotted: str) -> Any:
    """A constant of the liveness domain, a field's default, or a member of a mapping."""
    module, *rest = dotted.split(".")
    value: Any = importlib.import_module(f"verification.liveness.{module}")
    for name in rest:
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
        value = value() if isinstance(value, type) else value
    return value


def slug_headings(path: Path) -> set[str]:
    """The anchors that a heading gets where Markdown is commonly shown."""
    headings = HEADING.findall(path.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def find_broken_links(path: Path) -> Iterable[str]:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        file_name, _, anchor = target.partition("#")
        linked = (path.parent / file_name).resolve() if file_name else path
        is_there = linked.exists() and linked.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in slug_headings(linked)):
            yield target


def find_commands() -> list[str]:
    folders = ROOT.glob("*/management/commands/*.py")
    return sorted(path.stem for path in folders if not path.stem.startswith("_"))


def list_functions(path: Path) -> set[str]:
    """Names of the functions of a module, those of its classes among them; none where there is no such file."""
    if not path.is_file():
        return set()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


VARIABLES = read_variables()
DEFAULT_COLUMNS = (("README.md", 1), ("docs/configuration.md", 2))


def test_the_settings_are_read_by_this_test() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "POL_WEIGHTS"} <= {variable.name for variable in VARIABLES}


@pytest.mark.parametrize(("path", "column"), DEFAULT_COLUMNS, ids=str)
def test_every_environment_variable_is_documented_with_its_default(path: str, column: int) -> None:
    documented = read_table_defaults(ROOT / path, column)
    missing = [variable.name for variable in VARIABLES if variable.name not in documented]
    assert missing == []
    wrong = {
        variable.name: (documented[variable.name], variable.default)
        for variable in VARIABLES
        if variable.default is not None and not is_same_default(documented[variable.name], variable.default)
    }
    assert wrong == {}


def test_configuration_documents_no_variable_that_nothing_reads() -> None:
    elsewhere = {"PYTHON", "PYTEST_ARGS", "PYTEST_WORKERS", "PORTRAITS", "POL_CLIPS"}
    documented = set(read_table_defaults(DOCS / "configuration.md", 2))
    assert documented - elsewhere == {variable.name for variable in VARIABLES}


@pytest.mark.parametrize("command", find_commands())
def test_every_management_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"`{command}\b", README.read_text(encoding="utf-8"))


def test_the_readme_names_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    assert "make run" in text
    assert "make test" in text


@pytest.mark.parametrize(
    "words",
    [
        *(Action, ChallengeKind, Hint, Decision, Reason, ChallengeFault, RefusalReason, SessionStatus),
        # A failed challenge says its fault instead.
        [outcome for outcome in ChallengeOutcome if outcome is not ChallengeOutcome.FAILED],
    ],
)
def test_the_protocol_names_every_word_of_the_wire(words: Iterable[str]) -> None:
    spans = read_code_spans("protocol.md")
    assert [str(word) for word in words if str(word) not in spans] == []


def test_the_protocol_names_every_close_code_and_error_code() -> None:
    spans = read_code_spans("protocol.md")
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    assert [int(code) for code in CloseCode if f"| `{int(code)}` |" not in text] == []
    codes = {*replies.ERROR_TEXTS, *get_args(RejectionCode), "malformed", "rate_limited", "server_error"}
    assert codes - spans == set()


def test_the_protocol_names_every_claim_of_a_token() -> None:
    assert set(REQUIRED_CLAIMS) - read_code_spans("protocol.md") == set()


@pytest.mark.parametrize("action", CATALOGUE)
def test_the_protocol_states_kind_and_params_of_every_action(action: Action) -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    spec = CATALOGUE[action]
    row = next(
        line for line in text.splitlines() if re.match(rf"\| .*`{action}`.* \| `{spec.kind}` \|", line)
    )
    assert json.loads(CODE_SPAN.findall(row)[-1]) == dict(spec.params)


def test_detection_states_the_bounds_that_the_code_has() -> None:
    bounds = BOUND.findall((DOCS / "detection.md").read_text(encoding="utf-8"))
    assert len(bounds) > 60
    wrong = {
        name: (stated, resolve_bound(name)) for name, stated in bounds if resolve_bound(name) != float(stated)
    }
    assert wrong == {}


@pytest.mark.parametrize("path", [README, DOCS / "configuration.md"], ids=lambda path: path.name)
def test_the_default_floors_are_stated(path: Path) -> None:
    floors = ",".join(f"{floor:g}" for floor in astuple(Floors()))
    assert f"empty: `{floors}`" in path.read_text(encoding="utf-8")


def test_detection_names_every_signal_and_the_policy_version() -> None:
    spans = read_code_spans("detection.md")
    assert {f"score.SIGNAL_WEIGHTS.{signal}" for signal in Signal} - spans == set()
    assert POLICY_VERSION in spans


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    assert list(find_broken_links(path)) == []


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (DOCS / "threat-model.md").read_text(encoding="utf-8"))
    assert len(named) > 80
    missing = [f"{path}::{name}" for path, name in named if name not in list_functions(ROOT / path)]
    assert missing == []


def test_the_threat_model_leaves_no_line_without_a_test_or_a_word_on_it() -> None:
    """A row with nothing that shows it has to say that the attack is not stopped."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (DOCS / "threat-model.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line.count("|") == 5
    ]
    attacks = [row for row in rows if row[0] not in {"attack", "---"} and not set(row[0]) <= {"-", " "}]
    assert len(attacks) > 40
    assert [row[0] for row in attacks if "::" not in row[2] and "**not stopped" not in row[3]] == []


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.webp")), ids=lambda path: path.name)
def test_pictures_stay_small(path: Path) -> None:
    assert path.stat().st_size < 300_000


def test_the_changelog_knows_the_version() -> None:
    assert f"## {settings.VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
