"""The two sides: clients as the documentation of openai shows them, and byoclient's."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.fault_server import API_KEY, FILE, control

VERSION = "2025-04-01-preview"


class Plain:
    """What the documentation of openai shows."""

    name = "plain"

    def __init__(self, url: str) -> None:
        self.url = url
        self.loading = 0.0  # seconds of what only the other side does

    def client(self, **more: Any) -> Any:
        """Return a client of its own."""
        from openai import AzureOpenAI

        return AzureOpenAI(azure_endpoint=self.url, api_key=API_KEY, api_version=VERSION, **more)

    def async_client(self, **more: Any) -> Any:
        """Return its twin."""
        from openai import AsyncAzureOpenAI

        return AsyncAzureOpenAI(azure_endpoint=self.url, api_key=API_KEY, api_version=VERSION, **more)

    def patient_for(self, seconds: float) -> Plain:
        """Return a side whose requests may take so long."""
        return _PatientPlain(self.url, seconds)

    def before(self, url: str) -> Plain:
        """Return a side that asks another endpoint; when that one fails, there is no other."""
        return Plain(url)

    def langroid(self, *, stream: bool) -> Any:
        """Return Langroid's config, with the providers of its documentation."""
        from langroid.language_models import AzureConfig

        config: Any = AzureConfig
        return config(
            chat_model="gpt-4o",
            api_key="unused",
            stream=stream,
            azure_openai_client_provider=lambda: self.client(),
            azure_openai_async_client_provider=lambda: self.async_client(),
        )


class _PatientPlain(Plain):
    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(url)
        self._more = {"timeout": seconds, "max_retries": 0}

    def client(self, **more: Any) -> Any:
        return super().client(**self._more, **more)

    def async_client(self, **more: Any) -> Any:
        return super().async_client(**self._more, **more)


class Ours:
    """A YAML file and `load()`."""

    name = "byoclient"

    def __init__(self, url: str, more: str = "") -> None:
        self.url = url
        self.loading = 0.0  # seconds
        handle, self.path = tempfile.mkstemp(suffix=".yaml")
        os.write(handle, (FILE.format(url=url, key=API_KEY) + more).encode())
        os.close(handle)

    def client(self) -> Any:
        """Return the client of a `load()` of its own."""
        return self._load().client()

    def async_client(self) -> Any:
        """Return its twin."""
        return self._load().async_client()

    def patient_for(self, seconds: float) -> Ours:
        """Return a side whose requests may take so long."""
        return Ours(self.url, f"  max_retries: 0\n  http: {{total_timeout: {seconds}}}\n")

    def before(self, url: str) -> Ours:
        """Return a side that asks another endpoint, and this one when that one fails."""
        side = Ours(url)
        entries = "".join(
            f"    - {{azure_endpoint: '{where}', api_key: {API_KEY}, priority: {priority}}}\n"
            for priority, where in enumerate((url, self.url))
        )
        alone = f"  azure_endpoint: {url}\n", f"  api_key: {API_KEY}\n"
        text = FILE.format(url=url, key=API_KEY)
        for line in alone:
            text = text.replace(line, "")
        Path(side.path).write_text(f"{text}  endpoints:\n{entries}")
        return side

    def langroid(self, *, stream: bool) -> Any:
        """Return Langroid's config."""
        return self._load().plug("langroid", stream=stream)

    def _load(self) -> Any:
        import byoclient

        start = time.perf_counter()
        loaded = byoclient.load(self.path)
        self.loading += time.perf_counter() - start
        return loaded


class Run:
    """What a figure is taken of.

    Attributes:
        side: makes the clients.
        asynchronous: whether it is about async clients.
        scale: 1, or how many times smaller the counts are.
        control: the control port of the server.
    """

    def __init__(self, side: str, mode: str, scale: int, port: int, control: int) -> None:
        self.side: Any = {"plain": Plain, "byoclient": Ours}[side](f"http://127.0.0.1:{port}")
        self.asynchronous = mode == "async"
        self.scale = scale
        self.control = control

    def count(self, count: int, least: int = 20) -> int:
        """Return how many times to do what is done so often in a full run."""
        return max(count // self.scale, min(count, least))

    def break_answers(self, **fault: Any) -> None:
        """Break the server's answers."""
        control(self.control, "/break", fault)

    def mend(self) -> None:
        """End it."""
        control(self.control, "/mend")

    def state(self) -> dict[str, Any]:
        """Return what the server counted."""
        return control(self.control, "/state")
