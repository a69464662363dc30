"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from byoclient.trust import Trust


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--trust-module`, `--trust-host` and `--trust-env`, passed on as one `trust`."""

    @click.option("--trust-module", "modules", multiple=True, metavar="MODULE", help="Let the file name this module.")
    @click.option("--trust-host", "hosts", multiple=True, metavar="HOST", help="Let keys and tokens go to this host.")
    @click.option("--trust-env", "env", multiple=True, metavar="VAR", help="Let the file read this variable.")
    @wraps(command)
    def with_trust(*, modules: tuple[str, ...], hosts: tuple[str, ...], env: tuple[str, ...], **others: Any) -> Any:
        try:
            trust = Trust(modules=modules, hosts=hosts, env=env)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        return command(trust=trust, **others)

    return with_trust
