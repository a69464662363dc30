"""Installed distributions, written as an installer writes them: modules, METADATA, entry points and RECORD."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from byoclient.plugins import ASYNC_CLIENT_PROVIDERS, CLIENT_PROVIDERS


def point(name: str, value: str, group: str = CLIENT_PROVIDERS) -> str:
    """Return entry points with one line."""
    return f"[{group}]\n{name} = {value}\n"


def both(name: str, value: str) -> str:
    """Return the entry points of a sync and an async client provider."""
    return point(name, value) + point(name, value, ASYNC_CLIENT_PROVIDERS)


def install(
    folder: Path,
    name: str,
    entry_points: str | bytes = "",
    files: Mapping[str, str] | None = None,
    *,
    version: str = "1.0",
    metadata: bool = True,
    record: bool = True,
    editable: Path | None = None,
) -> Path:
    """Install a distribution into a folder and return its metadata folder; an editable one leaves its files there."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    written = []
    for file, text in (files or {}).items():
        place = (editable or folder) / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        written += [] if editable else [file]
    if metadata:
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    content = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
    (info / "entry_points.txt").write_bytes(content)
    if editable:
        said = {"url": editable.as_uri(), "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(said))
    if record:
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in written))
    return info
