"""Which distribution a module belongs to: by its RECORD, by its editable location, or by the folder that it is in."""

from __future__ import annotations

import csv
import json
import os
import re
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

# Where others install into: below a project that is installed editably there may be a virtual environment.
_SITES = ("site-packages", "dist-packages")
_SUFFIX = re.compile(r"\.(py|pyc|[\w.-]*so|[\w.-]*pyd)")


def owns(metadata: str, module: str, file: str) -> bool:
    """Whether a distribution installed the module whose code is in a file.

    Args:
        metadata: the distribution's metadata folder, `.dist-info` or `.egg-info`.
        module: the module's name.
        file: where its code comes from.
    """
    inside = _path_in_distribution(module, file)
    if inside is None:
        return False
    base = _base(metadata)
    record = _record(metadata)
    if record is None:  # Linux distributions and freezers take it away
        return _same(os.path.join(base, inside), file)
    if inside in record or re.sub(r"\.pyc$", ".py", inside) in record:  # as freezers compile and take away
        return _same(os.path.join(base, inside), file)
    links = [name for name in record if name.endswith(".pth") and "/" not in name]  # Python reads no others
    shown = [folder for name in links for folder in _folders(os.path.join(base, name))]
    return any(_same(os.path.join(folder, inside), file) for folder in shown) or _is_below(_editable(metadata), file)


def lies_beside(metadata: str, package: str, file: str) -> bool:
    """Whether a package lies in the folder that a distribution was installed into, whoever put it there."""
    inside = _path_in_distribution(package, file)
    return inside is not None and _same(os.path.join(_base(metadata), inside), file)


def folder_of(package: str, file: str) -> str | None:
    """Return the folder on `sys.path` that the file of a package is found from; None for a file of another name."""
    inside = _path_in_distribution(package, file)
    return None if inside is None else os.path.dirname(file[: -len(inside)]) or os.curdir


def _base(metadata: str) -> str:
    return os.path.dirname(metadata.rstrip("/\\"))


def _path_in_distribution(module: str, file: str) -> str | None:
    """Return `acme/llm.py` for the module `acme.llm` in `/x/acme/llm.py`; None for a file of another name."""
    parts = file.replace("\\", "/").split("/")
    for tail in (module.split("."), [*module.split("."), "__init__"]):
        found = parts[-len(tail) :]
        if found[:-1] == tail[:-1] and _SUFFIX.fullmatch(found[-1].removeprefix(tail[-1])):
            return "/".join(found)
    return None


def _record(metadata: str) -> set[str] | None:
    """Return the files that an installer noted; None where nobody did."""
    path = os.path.join(metadata, "RECORD")
    try:
        found = os.stat(path)
        return _files_in(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError, csv.Error):
        return None


@lru_cache(maxsize=8)  # a file may name functions of one distribution hundreds of times
def _files_in(record: str, *state: int) -> set[str]:
    with open(record, encoding="utf-8", newline="") as lines:
        return {row[0].replace("\\", "/") for row in csv.reader(lines) if row}


def _folders(pth: str) -> list[str]:
    """Return the folders that a `.pth` file adds to `sys.path`; its lines of code are left alone."""
    lines: list[str] = []
    with suppress(OSError, ValueError):
        lines = Path(pth).read_text(encoding="utf-8").splitlines()
    shown = (line.strip() for line in lines if not line.startswith(("import ", "import\t", "#")))
    return [os.path.join(os.path.dirname(pth), folder) for folder in shown if folder]


def _editable(metadata: str) -> str | None:
    """Return the project's folder where pip installed it editably (`direct_url.json`)."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        said = json.loads(Path(metadata, "direct_url.json").read_text(encoding="utf-8"))
        parts = urlsplit(said["url"])
        if said["dir_info"]["editable"] is True and parts.scheme == "file" and parts.netloc in ("", "localhost"):
            return url2pathname(parts.path) if os.name == "nt" else unquote(parts.path)
    return None


def _is_below(folder: str | None, file: str) -> bool:
    if not folder:
        return False
    root, real = _real(folder), _real(file)
    return real.startswith(root.rstrip(os.sep) + os.sep) and not any(
        part in _SITES for part in real[len(root) :].split(os.sep)
    )


def _same(one: str, other: str) -> bool:
    return _real(one) == _real(other)


def _real(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))
