"""The group of all commands, and how their failures end the process."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper

import click

from byoclient.errors import ByoclientError
from byoclient.startup import without_collections

INTERRUPTED = 130


def _ask() -> click.Command:
    from byoclient.cli.ask import ask

    return ask


def _check() -> click.Command:
    from byoclient.cli.check import check

    return check


def _explain() -> click.Command:
    from byoclient.cli.explaining import explain

    return explain


def _token() -> click.Command:
    from byoclient.cli.token import token

    return token


def _list() -> click.Command:
    from byoclient.cli.listing import list_plugins

    return list_plugins


def _emulate() -> click.Command:
    from byoclient.cli.emulate import emulate

    return emulate


class Commands(click.Group):
    """Imports a command when it is used: `check` should not wait for what `ask` needs."""

    loaders = {
        "ask": _ask,
        "check": _check,
        "explain": _explain,
        "token": _token,
        "list": _list,
        "emulate": _emulate,
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(self.loaders)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        loader = self.loaders.get(cmd_name)
        with without_collections():
            return loader() if loader else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="byoclient", prog_name="byoclient", message="%(prog)s %(version)s")
def cli() -> None:
    """Bring your own OpenAI client, from YAML.

    \b
    Exit statuses:
      0    done
      1    a file, provider, credential or request failed
      2    the command was typed wrongly
      130  interrupted

    BYOCLIENT_TRACEBACK=1 shows the traceback of a request that failed.
    """


def run() -> int:
    """Run the command of this process and return its exit status; failures are one message on stderr."""
    _print_anything()
    # azure-identity logs each failure, unredacted, and without a handler Python prints it; the error says it anyway.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        status = cli.main(prog_name="byoclient", standalone_mode=False) or 0
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt) as error:
        for note in getattr(error.__context__ if isinstance(error, click.Abort) else error, "__notes__", ()):
            click.echo(note, err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        return _output_failure(error)
    except ByoclientError as error:
        click.echo(str(error), err=True)
        return 1
    except Exception as error:
        return _other_failure(error)
    return status


def _print_anything() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may know fewer characters than an answer has
            stream.reconfigure(errors="replace")


def _output_failure(error: OSError) -> int:
    if not isinstance(error, BrokenPipeError):  # whoever read the output has gone, and needs no message
        click.echo(f"The output cannot be written: {error.strerror or error}.", err=True)
    # What is still to be written would fail once more when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _other_failure(error: Exception) -> int:
    """Report what an SDK or a framework raised; BYOCLIENT_TRACEBACK=1 shows where."""
    if os.environ.get("BYOCLIENT_TRACEBACK"):
        raise error
    cause = f" ({type(error.__cause__).__name__}: {error.__cause__})" if error.__cause__ else ""
    click.echo(f"The request failed: {type(error).__name__}: {error}{cause}", err=True)
    return 1
