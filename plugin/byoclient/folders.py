"""Which folders on `sys.path` nobody installs into: the working directory and the script's own folder.

Python puts them there by itself, so whatever lies in a checkout or a download folder would count as installed.
They do count where an installer uses them: a site-packages folder, one that a `.pth` file in it lists, and the
one that byoclient itself was installed into, such as the folder of a serverless function.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path

OWN_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__init__.py")


@dataclass(frozen=True, slots=True)
class Passing:
    """Folders that this process merely passes through."""

    folders: frozenset[str]
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def holds(self, path: str) -> bool:
        """Whether a metadata folder lies in one of them."""
        base = os.path.dirname(path) or os.curdir
        if base not in self._known:  # asked for each distribution, and there are few folders
            self._known[base] = _real(base) in self.folders
        return self._known[base]


def passing() -> Passing:
    """Return the working directory and the script's folder, where they are on `sys.path` and not installed into."""
    candidates = {_real(folder) for folder in (os.curdir, _script_folder()) if folder is not None}
    on_path = {_real(entry or os.curdir) for entry in sys.path}
    found = candidates & on_path - {_real(os.path.dirname(os.path.dirname(OWN_FILE)))}
    return Passing(frozenset(found - set(_installed_into()) if found else ()))


def is_installed_into(folder: str) -> bool:
    """Whether a folder is a site-packages folder, or one that a `.pth` file in it lists."""
    return _real(folder) in set(_installed_into())


def _script_folder() -> str | None:
    """Return the folder from which the program is run; that of `python -m app` is the one around `app`."""
    main = sys.modules.get("__main__")
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    if not isinstance(file, str):
        return None
    levels = spec.name.count(".") if isinstance(spec, ModuleSpec) else 0
    folder = os.path.dirname(file)
    for _ in range(levels):
        folder = os.path.dirname(folder)
    return folder or os.curdir


def _installed_into() -> Iterator[str]:
    sites = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    sites.add(site.getusersitepackages())
    for folder in sites:
        yield _real(folder)
        for pth in Path(folder).glob("*.pth"):
            with suppress(OSError, ValueError):
                lines = pth.read_text(encoding="utf-8").splitlines()
                yield from (_real(os.path.join(folder, line.strip())) for line in lines if _names_folder(line))


def _names_folder(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("import ", "import\t", "#"))


def _real(path: str) -> str:
    with suppress(OSError, ValueError):
        return os.path.normcase(os.path.realpath(path))
    return path
