"""`byoclient ask`."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

import click

from byoclient.cli.into import ask_into
from byoclient.cli.options import trust_options
from byoclient.clients import Clients, load
from byoclient.trust import Trust

if TYPE_CHECKING:
    from openai import OpenAI


@click.command()
@click.argument("prompt")
@click.option("-c", "--config", "path", metavar="FILE", help="YAML file; without it, the built-in emulator answers.")
@click.option("--llm", metavar="NAME", help="Which LLM of a file that has several.")
@click.option("--into", "framework", metavar="FRAMEWORK", help="Run the prompt through a framework, such as langroid.")
@trust_options
def ask(prompt: str, path: str | None, llm: str | None, framework: str | None, trust: Trust) -> int:
    """Ask one PROMPT and stream the answer."""
    with _clients(path, llm, trust) as clients:
        if framework:
            click.echo(ask_into(framework, clients, prompt))
        elif clients.has_client:
            _stream(clients.client(), clients.model, prompt)
        else:
            _stream_async(clients, prompt)
    return 0


def _clients(path: str | None, llm: str | None, trust: Trust) -> Clients:
    if path is not None:
        return load(path, llm=llm, trust=trust)
    with as_file(files("byoclient.cli").joinpath("default.yaml")) as default:
        return load(default, llm=llm, trust=trust)


def _stream(client: OpenAI, model: str, prompt: str) -> None:
    answered = False
    for chunk in client.chat.completions.create(**_request(model, prompt), stream=True):
        answered |= _show(chunk)
    _end(answered)


def _stream_async(clients: Clients, prompt: str) -> None:
    import asyncio

    async def stream() -> bool:
        answered = False
        async with clients:
            create = clients.async_client().chat.completions.create
            async for chunk in await create(**_request(clients.model, prompt), stream=True):
                answered |= _show(chunk)
        return answered

    _end(asyncio.run(stream()))


def _request(model: str, prompt: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}]}


def _show(chunk: Any) -> bool:
    """Print what a chunk brings, and return whether it is part of an answer."""
    for choice in chunk.choices or ():
        if choice.delta and choice.delta.content:
            click.echo(choice.delta.content, nl=False)
    return bool(chunk.choices)


def _end(answered: bool) -> None:
    if not answered:
        raise click.ClickException("The server sent no answer. Is the endpoint that of a model?")
    click.echo()
