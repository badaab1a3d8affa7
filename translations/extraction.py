"""Which sentences the sources hold: from templates as Django itself reads them, from Python by its syntax tree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

FUNCTIONS = frozenset({"_", "gettext", "gettext_lazy"})
UNSUPPORTED = frozenset({"ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"})
SOURCES = (("templates", "*.html"), ("verification", "*.py"), ("audit", "*.py"))
CALL = re.compile(r"""(?<![\w.])(?:gettext|_)\(\s*(u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))""")


def find_messages(root: Path) -> dict[str, tuple[str, ...]]:
    """Each sentence with the files it stands in, relative to `root`, in a stable order."""
    found: dict[str, list[str]] = {}
    for path in sorted(_list_sources(root)):
        read = read_template if path.suffix == ".html" else read_python
        name = path.relative_to(root).as_posix()
        for message in read(path.read_text(encoding="utf-8")):
            sources = found.setdefault(message, [])
            if name not in sources:
                sources.append(name)
    return {message: tuple(sources) for message, sources in found.items()}


def read_template(source: str) -> Iterator[str]:
    """The sentences of a Django template, in the form in which they are looked up. Raises ValueError for a plural."""
    if "{% plural %}" in source:
        raise ValueError("{% plural %} is not supported; avoid the plural")
    for match in CALL.finditer(templatize(source)):
        yield str(ast.literal_eval(match[1].removeprefix("u")))


def read_python(source: str) -> Iterator[str]:
    """The sentences of a Python module. Raises ValueError for a form that the catalogue cannot hold."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in UNSUPPORTED:
            raise ValueError(f"line {node.lineno}: {node.func.id} is not supported; avoid the plural")
        if node.func.id in FUNCTIONS and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _list_sources(root: Path) -> Iterator[Path]:
    for folder, pattern in SOURCES:
        yield from (root / folder).rglob(pattern)
