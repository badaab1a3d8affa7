"""Whether this checkout can be released: `make release-check`.

It looks at what no test can know: that the version, the changelog and the tag agree, that nothing lies about
uncommitted, and that the lock files are what their sources ask for today.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements", "requirements-dev", "requirements-train", "requirements-bench")
SEMANTIC = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
COMPILE = ("-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes")


def call(root: Path, *command: str) -> str:
    """What a program says. Raises CalledProcessError."""
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)  # noqa: S603  (ours)
    return done.stdout


def read_version(root: Path) -> str:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def check_version(root: Path) -> Iterator[str]:
    version = read_version(root)
    if not SEMANTIC.fullmatch(version):
        yield f"pyproject.toml: {version} is no semantic version"
    if f"v{version}" in call(root, "git", "tag", "--list").split():
        yield f"v{version} is released already: raise the version in pyproject.toml"


def check_changelog(root: Path) -> Iterator[str]:
    """The newest section is this version's, dated; nothing waits above it."""
    headings = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = rf"{re.escape(read_version(root))} – \d{{4}}-\d{{2}}-\d{{2}}"
    if not headings or not re.fullmatch(wanted, headings[0]):
        found = headings[0] if headings else "nothing"
        yield f"CHANGELOG.md begins with '{found}'; a release begins with '{read_version(root)} – YYYY-MM-DD'"


def check_tree(root: Path) -> Iterator[str]:
    for line in call(root, "git", "status", "--porcelain").splitlines():
        yield f"not committed: {line[3:]}"


def check_locks(root: Path) -> Iterator[str]:
    """Compiled anew over what is locked, so that newer releases of others change nothing. Asks the registry."""
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCKS:
            made = Path(folder) / f"{name}.txt"
            made.write_bytes((root / f"{name}.txt").read_bytes())
            options = ("--no-emit-index-url", "--quiet", "--custom-compile-command", "make lock")
            call(root, sys.executable, *COMPILE, *options, f"{name}.in", "-o", str(made))
            if made.read_bytes() != (root / f"{name}.txt").read_bytes():
                yield f"{name}.txt is not what {name}.in asks for: make lock"


CHECKS: tuple[Callable[[Path], Iterator[str]], ...] = (
    check_version,
    check_changelog,
    check_tree,
    check_locks,
)


def main() -> int:
    found = [problem for check in CHECKS for problem in check(ROOT)]
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    sys.stdout.write(f"{read_version(ROOT)}: {'cannot be released' if found else 'ready to be tagged'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
