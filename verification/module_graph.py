"""Which modules a page's script needs, so that the page can name all of them at once.

A browser finds an import only in a module that has arrived: a chain of five imports costs five round trips.
"""

import re
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django.contrib.staticfiles import finders

# A statement at the beginning of a line: types are imported inside comments, and need no file at run time.
IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.[^"']+)["'];""", re.MULTILINE)


@lru_cache(maxsize=16)
def list_modules(entry: str) -> tuple[str, ...]:
    """Everything that `entry` imports, directly or not, as names of static files; `entry` itself not included.

    Raises FileNotFoundError for a name that no static file has.
    """
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        for imported in IMPORT.findall(_read(name)):
            module = normpath(join(dirname(name), imported))
            if module not in found and module != entry:
                found[module] = None
                waiting.append(module)
    return tuple(found)


def _read(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"no static file is called {name}")
    return Path(str(path)).read_text(encoding="utf-8")
