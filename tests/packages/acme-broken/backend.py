"""A PEP 517 backend whose wheel leaves two distributions behind that nobody can read.

They lie in the wheel's `.data/purelib`, which pip copies without a look; in the wheel's own metadata the same
lines would stop pip.
"""

import zipfile
from pathlib import Path
from typing import Any

LEFTOVERS = {
    "acme_leftover": b"[byoclient.client_providers]\nthis line has no equals sign\n",
    "acme_latin": "[byoclient.client_providers]\ncaf\xe9 = acme_latin:client\n".encode("latin-1"),
}
INFO = "acme_broken-1.0.dist-info"
PURELIB = "acme_broken-1.0.data/purelib"


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """Write the wheel and return its name."""
    name = "acme_broken-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, name), "w") as wheel:
        for path, content in _files().items():
            wheel.writestr(path, content)
        record = "".join(f"{path},,\n" for path in (*_files(), f"{INFO}/RECORD"))
        wheel.writestr(f"{INFO}/RECORD", record)
    return name


def _files() -> dict[str, bytes]:
    files = {
        f"{INFO}/METADATA": _metadata("acme-broken"),
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: acme\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    for leftover, entry_points in LEFTOVERS.items():
        folder = f"{PURELIB}/{leftover}-1.0.dist-info"
        files[f"{folder}/METADATA"] = _metadata(leftover)
        files[f"{folder}/entry_points.txt"] = entry_points
    return files


def _metadata(name: str) -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
