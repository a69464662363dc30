"""The rows of bench/faults.py that are about Langroid."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import redirect_stdout
from typing import Any

from bench.fault_rows.sides import Run
from tests.support.ledger import Ledger
from tests.support.tokenizer import tokenizer_folder

os.environ["TIKTOKEN_CACHE_DIR"] = str(tokenizer_folder())

import langroid as lr


class Noise(logging.Handler):
    """Counts what asyncio and the interpreter report of generators and loops that ended badly."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        logging.getLogger("asyncio").addHandler(self)
        sys.unraisablehook = lambda _: self.emit(None)

    def emit(self, record: Any) -> None:
        """Count one."""
        self.count += 1


def agent(config: Any) -> Any:
    """Return an agent that says nothing before the first question."""
    return lr.ChatAgent(lr.ChatAgentConfig(llm=config, system_message=""))


def asked(one: Any, ledger: Ledger) -> None:
    """Let an agent answer a question that it forgets."""
    name = ledger.send()
    try:
        answer = one.llm_response_forget(name)
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.answer(name, answer.content)


async def async_asked(one: Any, ledger: Ledger) -> None:
    """Let an agent answer a question that it forgets."""
    name = ledger.send()
    try:
        answer = await one.llm_response_forget_async(name)
    except Exception as error:
        ledger.fail(name, error)
    else:
        ledger.answer(name, answer.content)


def agents(run: Run) -> str:
    """20 agents of one config; what connections they open."""
    config, ledger = run.side.langroid(stream=False), Ledger()
    made = [agent(config) for _ in range(20)]

    async def all_of_them() -> None:
        for one in made:
            await async_asked(one, ledger)

    with quiet():
        if run.asynchronous:
            asyncio.run(all_of_them())
        else:
            for one in made:
                asked(one, ledger)
    return connections(run, ledger)


def streams(run: Run) -> str:
    """100 streamed answers of one agent; what connections they open, and what is reported of them."""
    noise, ledger, count = Noise(), Ledger(), run.count(100, 30)
    one = agent(run.side.langroid(stream=True))

    async def one_after_the_other() -> None:
        for _ in range(count):
            await async_asked(one, ledger)

    with quiet():
        if run.asynchronous:
            asyncio.run(one_after_the_other())
        else:
            for _ in range(count):
                asked(one, ledger)
    return f"{connections(run, ledger)}, {noise.count} errors logged"


def batches(run: Run) -> str:
    """Two batches of 10 agents, each in an `asyncio.run` of its own."""
    config, ledger = run.side.langroid(stream=False), Ledger()
    made = [agent(config) for _ in range(10)]

    async def batch() -> None:
        await asyncio.gather(*(async_asked(one, ledger) for one in made))

    with quiet():
        asyncio.run(batch())
        asyncio.run(batch())
    return connections(run, ledger)


def connections(run: Run, ledger: Ledger) -> str:
    """Return the figure of answers and connections."""
    account, state = ledger.account({}), run.state()
    return f"{account.answered} of {account.sent} answered, {state['connections_opened']} connections"


def quiet() -> Any:
    """Keep what Langroid prints away from the figure."""
    return redirect_stdout(sys.stderr)
