"""The house: imports run one way, public names are pinned, importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import byoclient
import byoclient.emulator

PACKAGE = Path(byoclient.__file__).parent

# From the bottom to the top: a room imports only from itself and from rooms that stand before it.
ROOMS = [
    "errors",
    "startup",
    "watching",
    "trust",
    "config",
    "locating",
    "ownership",
    "folders",
    "plugins",
    "references",
    "resolve",
    "importing",
    "identity",
    "transport",
    "emulator",
    "providers",
    "sides",
    "plugging",
    "plan",
    "travel",
    "built",
    "reloading",
    "clients",
    "adapters",
    "__init__",
    "cli",
    "__main__",
]

# Arrows that the order would allow and the design does not.
FORBIDDEN = {
    ("plugins", "config"),
    ("emulator", "config"),
    ("emulator", "identity"),
    ("emulator", "transport"),
    ("sides", "providers"),
    ("plan", "providers"),
    ("clients", "providers"),
    ("adapters", "providers"),
    ("clients", "emulator"),
    ("resolve", "identity"),
}

HEAVY_AT_TOP = {"openai", "azure", "msal", "httpx", "httpx2", "langroid", "starlette", "uvicorn", "trustme", "click"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it; those for type checkers only count too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    """No room imports from one that stands above it."""
    room = room_of(path)
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "byoclient" or len(parts) == 1:
            continue
        target = parts[1] if parts[1] in ROOMS else None
        if target is None or target == room:
            continue
        assert ROOMS.index(target) < ROOMS.index(room), f"{room} imports {module}"
        assert (room, target) not in FORBIDDEN, f"{room} imports {module}"


def test_every_file_has_a_room() -> None:
    """A new one has to be put in its place in the order."""
    assert {room_of(path) for path in FILES} == set(ROOMS)


def test_one_file_imports_by_name() -> None:
    """Only importing.py uses importlib.import_module, __import__, eval or exec."""
    names = ("import_module", "__import__", "eval", "exec")
    guilty = {
        room_of(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "attr", None) in names or getattr(node.func, "id", None) in names)
    }
    assert guilty == {"importing"}


def test_importing_byoclient_imports_no_sdk_and_does_nothing() -> None:
    """No SDK, no framework, no scan, no logging setup."""
    code = (
        f"import sys, logging, byoclient\nHEAVY = {sorted(HEAVY_AT_TOP)}\n"
        "heavy = {n.split('.')[0] for n in sys.modules} & set(HEAVY)\n"
        "print(heavy, logging.getLogger().handlers, logging.getLogger('byoclient').handlers)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set() [] []"


def test_the_public_names_are_these() -> None:
    """A new one is a decision."""
    assert byoclient.__all__ == [
        "AdapterError",
        "ByoclientError",
        "Clients",
        "ClosedError",
        "ConfigError",
        "ConfigErrors",
        "CredentialError",
        "EmulatorError",
        "ProviderError",
        "ResolveError",
        "Trust",
        "TrustError",
        "load",
        "watch",
    ]
    assert all(hasattr(byoclient, name) for name in byoclient.__all__)
    public = {name for name in vars(byoclient.Clients) if not name.startswith("_")}
    assert public == {
        "aclose",
        "async_client",
        "client",
        "close",
        "endpoints",
        "has_async_client",
        "has_client",
        "model",
        "plug",
        "prepare",
        "reload",
    }


def test_public_things_have_docstrings() -> None:
    """In all rooms; of functions and classes without underscore."""
    missing = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
        and not _is_nested(path, node)
    ]
    assert missing == []


def _is_nested(path: Path, node: ast.AST) -> bool:
    outer = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lines = getattr(node, "lineno", 0)
    return any(n.lineno < lines <= (n.end_lineno or 0) for n in outer)


def test_files_stay_small() -> None:
    """Past 250 lines a file is split by meaning."""
    assert [p.name for p in FILES if len(p.read_text().splitlines()) > 250] == []


def test_the_package_is_typed() -> None:
    """Type checkers of users read our annotations."""
    assert (PACKAGE / "py.typed").exists()
