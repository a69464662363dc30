"""What the workers do."""

from __future__ import annotations

import os

import byoclient


def ask_as_this_process(clients: byoclient.Clients) -> tuple[int, int, str]:
    """Ask; return which process did, which client it had, and the answer."""
    me = f"process-{os.getpid()}-"
    client = clients.client()
    answer = client.chat.completions.create(model=clients.model, messages=[{"role": "user", "content": me}])
    return os.getpid(), id(client), str(answer.choices[0].message.content)


def error_of(clients: byoclient.Clients) -> str:
    """Return what the first use of clients raises."""
    try:
        clients.client()
    except byoclient.ConfigError as error:
        return str(error)
    return "nothing"
