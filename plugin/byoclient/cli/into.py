"""One prompt through a framework, for `byoclient ask --into`."""

from __future__ import annotations

import asyncio
import logging

from byoclient.clients import Clients
from byoclient.errors import AdapterError, suggestion


def ask_into(framework: str, clients: Clients, prompt: str) -> str:
    """Return a framework's answer to a prompt.

    Raises:
        AdapterError: `ask` does not know the framework, or it is not installed.
    """
    if framework not in _RUNNERS:
        raise AdapterError(f"--into: no framework named '{framework}'.{suggestion(framework, _RUNNERS)}")
    return _RUNNERS[framework](clients, prompt)


def _langroid(clients: Clients, prompt: str) -> str:
    # While it streams, Langroid (0.69) writes colours to stdout, even when quiet; its cache would ask nobody.
    config = clients.plug("langroid", stream=False, cache_config=None)
    from langroid import ChatAgent, ChatAgentConfig
    from langroid.utils.configuration import quiet_mode

    logging.disable(logging.ERROR)  # Langroid logs each error that it raises, and warns that one client is missing
    with quiet_mode():
        agent = ChatAgent(ChatAgentConfig(llm=config))
        answer = agent.llm_response(prompt) if clients.has_client else asyncio.run(agent.llm_response_async(prompt))
    return answer.content if answer else ""


_RUNNERS = {"langroid": _langroid}
