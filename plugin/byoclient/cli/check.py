"""`byoclient check`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence

import click

from byoclient.cli.options import trust_options
from byoclient.config import Section, read_file
from byoclient.errors import ByoclientError, ConfigError, PlacedError, shown
from byoclient.plan import Plan, llm_sections, plan_llm
from byoclient.plugins import Catalogue, scan
from byoclient.trust import Trust
from byoclient.watching import where_is

SECONDS = click.FloatRange(0, 86_400, min_open=True)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--import", "imports", is_flag=True, help="Import what the files name, and validate its options too.")
@click.option("--timeout", type=SECONDS, default=60.0, show_default=True, help="Seconds for the imports of one LLM.")
@trust_options
def check(files: tuple[str, ...], imports: bool, timeout: float, trust: Trust) -> int:
    """Check files, without an SDK and without a network.

    All errors of a file are shown at once. Options of third-party client providers are validated, and functions of
    client assertions imported, only with --import, which runs their code. One that does not
    end in time ends the check.
    """
    catalogue = scan()
    patience = timeout if imports else None
    failed = [file for file in files if not _check_file(file, patience, trust, catalogue)]
    return 1 if failed else 0


def _check_file(file: str, patience: float | None, trust: Trust, catalogue: Catalogue) -> bool:
    try:
        sections = llm_sections(read_file(file))
    except ConfigError as error:
        return _report([error])
    failed = [name for name, llm in sections.items() if not _check_llm(name, llm, patience, trust, catalogue)]
    return not failed


def _check_llm(name: str | None, section: Section, patience: float | None, trust: Trust, catalogue: Catalogue) -> bool:
    try:
        plan = plan_llm(section, name, trust, catalogue)
    except ByoclientError as error:
        return _report([error])
    errors = _import_errors(plan, patience) if patience else []
    if errors:
        return _report(errors)
    click.echo(_summary(plan, imports=bool(patience)))
    return True


def _import_errors(plan: Plan, patience: float) -> list[PlacedError]:
    """Import what an LLM names; end this process where that does not end."""
    timer = threading.Timer(patience, _give_up, (plan.section.file, patience, threading.get_ident()))
    timer.daemon = True
    timer.start()
    try:
        return plan.import_errors()
    finally:
        timer.cancel()


def _give_up(file: str, patience: float, thread: int) -> None:
    click.echo(f"{file}: its import has not ended after {patience:g} s: {where_is(thread)}.", err=True)
    sys.stdout.flush()
    os._exit(1)  # nothing else ends what hangs, and this process is only a check


def _report(errors: Sequence[ByoclientError]) -> bool:
    # Both sides have the same options, and so the same errors in them.
    for line in dict.fromkeys(line for error in errors for line in str(error).splitlines()):
        click.echo(line, err=True)
    return False


def _summary(plan: Plan, imports: bool) -> str:
    label = plan.section.file + (f" llms.{shown(plan.name)}" if plan.name else "")
    providers = "; ".join(f"{side.kind.key} {side.found}" for side in plan.sides)
    later = "" if imports or all(side.found.is_built_in for side in plan.sides) else " (options not checked: --import)"
    return f"{label}: ok. model {shown(plan.config.model)}; {providers}{later}"
