"""Which tests share a worker and in what order they are given out, where pytest-xdist runs the suite.

A group is a file, so that what a module sets up is set up once. Whatever starts servers and browsers is one group:
those tests share what they start, and two of them beside each other would be slow enough to fail on a small machine.
"""

from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).resolve().parent
PROCESSES = ("e2e", "faults", "server", "deploy")
# The longest of the others; whoever comes late to one of these would have everybody wait for it.
LONG = (
    "test_subject.py",
    "training",
    "verification/clips",
    "verification/evaluation",
    "verification/attacks",
)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """xdist's own `loadgroup` writes groups into node ids, where pytest 9.2 no longer reads them."""

    def _split_scope(self, nodeid: str) -> str:
        return name_group(TESTS.parent / nodeid.partition("::")[0])


def name_group(path: Path) -> str:
    """Of a test file."""
    within = path.relative_to(TESTS)
    return "processes" if within.parts[0] in PROCESSES else within.as_posix()


def rank(path: Path) -> tuple[int, int]:
    """Where among all a test file is run: processes first, package by package, then what is long."""
    within = path.relative_to(TESTS)
    if within.parts[0] in PROCESSES:
        return 0, PROCESSES.index(within.parts[0])
    return (1, 0) if within.as_posix().startswith(LONG) else (2, 0)
