"""A framework of Acme's own, and its byoclient adapter."""

from dataclasses import dataclass

from openai import OpenAI
from pydantic import BaseModel

from byoclient import Clients


@dataclass(frozen=True)
class Chain:
    """The framework's object."""

    client: OpenAI
    model: str
    prefix: str

    def run(self, prompt: str) -> str:
        """Return the answer to a prompt."""
        messages = [{"role": "user", "content": f"{self.prefix} {prompt}"}]
        answer = self.client.chat.completions.create(model=self.model, messages=messages)  # type: ignore[arg-type]
        return answer.choices[0].message.content or ""


class Settings(BaseModel):
    """What stands under `adapters: {acme: …}`."""

    prefix: str = "Please:"


def adapter(clients: Clients, settings: Settings) -> Chain:
    """Return a chain that asks with the clients."""
    return Chain(clients.client(), clients.model, settings.prefix)
