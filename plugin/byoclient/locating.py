"""Where a module would be imported from, found without importing it or the packages around it."""

from __future__ import annotations

import ast
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)


def locate(module: str) -> ModuleSpec | None:
    """Return the spec of the module that `import module` would give now; None where there is none.

    What is imported already is what an import gives, whatever lies on `sys.path`. A package's own code could still
    change where its submodules come from: that shows on the module after its import.
    """
    *_, (_, spec) = _walk(module)
    return spec


def packages_to_import(module: str) -> Iterator[tuple[str, str]]:
    """Yield name and file of each package around a module whose code `import module` would run, outermost first."""
    for name, spec in _walk(module):
        file = file_of(spec)
        if name != module and name not in sys.modules and file is not None:
            yield name, file


def _walk(module: str) -> Iterator[tuple[str, ModuleSpec | None]]:
    """Yield the packages around a module and the module, up to the first that is not there."""
    path: Iterable[str] | None = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}".lstrip(".")
        loaded = sys.modules.get(name)
        spec = getattr(loaded, "__spec__", None) if loaded is not None else _find(name, path)
        found = spec if isinstance(spec, ModuleSpec) else None
        yield name, found
        if found is None:
            return
        path = getattr(loaded, "__path__", found.submodule_search_locations) or ()


def _find(name: str, path: Iterable[str] | None) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        try:
            # The standard finder wants a namespace package's parents in sys.modules, so its walk is done here.
            spec = (
                _on_path(name, sys.path if path is None else path) if finder is PathFinder else _ask(finder, name, path)
            )
        except Exception:  # noqa: S112  (somebody else's finder; an import would meet its error and report it)
            continue
        if spec is not None:
            return spec
    return None


def _ask(finder: Any, name: str, path: Iterable[str] | None) -> ModuleSpec | None:
    spec = finder.find_spec(name, path, None)
    return spec if isinstance(spec, ModuleSpec) else None


def _on_path(name: str, path: Iterable[str] | None) -> ModuleSpec | None:
    portions: list[str] = []
    for entry in sys.path if path is None else path:
        find_spec: Any = getattr(_importer(entry), "find_spec", None)
        spec = find_spec(name) if find_spec else None
        if spec is not None and spec.loader is not None:
            return spec if isinstance(spec, ModuleSpec) else None
        portions += (spec.submodule_search_locations or ()) if spec is not None else ()
    if not portions:
        return None
    namespace = ModuleSpec(name, None, is_package=True)
    namespace.submodule_search_locations = portions
    return namespace


def _importer(entry: object) -> object:
    if not isinstance(entry, str):
        return None
    try:
        # As an import does: an importer of '.' keeps what that was when it was first asked.
        return pkgutil.get_importer(entry or os.getcwd())
    except OSError:  # the working directory was removed
        return None


def file_of(module: ModuleType | ModuleSpec | None) -> str | None:
    """Return the file of a module's code; None for what has none, such as a namespace package."""
    spec = getattr(module, "__spec__", None) if isinstance(module, ModuleType) else module
    origin = getattr(spec, "origin", None)
    return origin if isinstance(origin, str) and getattr(spec, "has_location", False) else None


def written_in(spec: ModuleSpec, name: str) -> str | None:
    """Return as what a name is written at the top of a module's source; its code is read, never run.

    Returns:
        `def`, `async def`, `class` or `other`; "" where the name is not written there; None where there is no
        source to read.
    """
    find_source: Any = getattr(spec.loader, "get_source", None)
    try:
        tree = ast.parse(find_source(spec.name)) if find_source else None
    except Exception:  # the import will say what is wrong with it
        return None
    return _binding(tree.body, name) if tree is not None else None


def _binding(body: list[ast.stmt], name: str) -> str:
    """Return `def` where that is one of several: which of them runs shows on the object."""
    found = [_kind(node) for node in _top_level(body) if name in _bound_by(node)]
    return "def" if "def" in found else found[-1] if found else ""


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, _BLOCKS):
            yield from _top_level(_children(node))


def _children(block: ast.stmt) -> list[ast.stmt]:
    lists = [getattr(block, field, []) for field in ("body", "orelse", "finalbody")]
    lists += [branch.body for branch in (*getattr(block, "handlers", ()), *getattr(block, "cases", ()))]
    return [node for nodes in lists for node in nodes]


def _kind(node: ast.stmt) -> str:
    kinds = {ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def", ast.ClassDef: "class"}
    return kinds.get(type(node), "other")


def _bound_by(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = (found for target in targets if target is not None for found in ast.walk(target))
    return {found.id for found in names if isinstance(found, ast.Name)}
