"""`load()` and `Clients`: the clients of one LLM, built once, on first use."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from byoclient.errors import ClosedError
from byoclient.plan import Plan, plan_file
from byoclient.plugging import find_adapter, plug
from byoclient.sides import ASYNC_CLIENT, CLIENT, Side
from byoclient.startup import without_collections
from byoclient.trust import Trust

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from byoclient.transport import EndpointState


def load(path: str | os.PathLike[str], *, llm: str | None = None, trust: Trust | None = None) -> Clients:
    """Load a YAML file and check all that can be checked without importing an SDK or reaching a network.

    Args:
        path: the YAML file.
        llm: which LLM of a file that has several under `llms:`.
        trust: modules, hosts and environment variables that the file may use beyond the defaults.

    Returns:
        the clients; each is built when it is first asked for.

    Raises:
        ConfigError: the file is wrong; a `ConfigErrors` where several things are.
        ProviderError: a built-in client provider cannot be imported.
    """
    with without_collections():
        return Clients(plan_file(path, llm, trust or Trust()))


class Clients:
    """The clients of one LLM of a YAML file. Safe to share between threads."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lock = threading.Lock()
        self._built: dict[str, Any] = {}
        self._closed = False

    def __repr__(self) -> str:
        config = self._plan.config
        return (
            f"<Clients of {self._plan.section.file!r}: model={config.model!r} "
            f"client_provider={config.client_provider!r} async_client_provider={config.async_client_provider!r}>"
        )

    @property
    def model(self) -> str:
        """The deployment (Azure) or model that the file names."""
        return self._plan.config.model

    @property
    def has_client(self) -> bool:
        """Whether the file names a client provider."""
        return self._plan.client is not None

    @property
    def has_async_client(self) -> bool:
        """Whether the file names an async client provider."""
        return self._plan.async_client is not None

    def client(self) -> OpenAI:
        """Return the sync client: always the same one.

        Raises:
            ConfigError: the file names no client provider, or its options are wrong.
            ProviderError: the provider cannot be imported, raises, or returns something else.
            ClosedError: the clients were closed.
        """
        client: OpenAI = self._get(CLIENT.key, self._plan.client)
        return client

    def async_client(self) -> AsyncOpenAI:
        """Return the async client: always the same one. A plain method; nobody awaits it.

        Raises:
            the same as `client()`.
        """
        client: AsyncOpenAI = self._get(ASYNC_CLIENT.key, self._plan.async_client)
        return client

    def _get(self, key: str, side: Side | None) -> Any:
        client = self._built.get(key)
        if client is not None and not self._closed:
            return client
        with self._lock:
            if self._closed:
                raise ClosedError("these Clients were closed. Call byoclient.load() again.")
            if side is None:
                raise self._plan.section.error(f"the file names no {key}. Add '{key}: …'.")
            if key not in self._built:
                self._built[key] = side.build()
            return self._built[key]

    def prepare(self) -> Self:
        """Import all functions that the file names, validate what is theirs, build the clients.

        Sends nothing. For programs that want every error at startup.

        Raises:
            the same as `client()`.
        """
        for side in self._plan.sides:
            side.prepare()
        if self.has_client:
            self.client()
        if self.has_async_client:
            self.async_client()
        for name in self._plan.config.adapters:
            self._plan.check_adapter(name)
        return self

    def endpoints(self) -> tuple[EndpointState, ...]:
        """Return what is known of the `endpoints:` of the options, in their order; empty where there are none.

        Builds a client where there is none yet; sends nothing. Processes know of their own requests only.

        Raises:
            the same as `client()`.
        """
        from byoclient.transport.endpoints import Endpoints

        client = self.client() if self.has_client else self.async_client()
        found = getattr(client._client, "endpoints", None)
        return found.states() if isinstance(found, Endpoints) else ()

    def plug(self, adapter: str, /, **settings: Any) -> Any:
        """Return a framework's own object that uses these clients.

        Args:
            adapter: the adapter's name, such as `langroid`.
            settings: of the framework's config; they win over those under `adapters:` in the file.

        Returns:
            what the adapter makes: for `langroid` a `langroid.language_models.AzureConfig`.

        Raises:
            ConfigError: there is no such adapter, or the settings in the file are wrong.
            ProviderError: the adapter cannot be imported, or a client provider fails.
            AdapterError: the framework is not installed, or `settings` are wrong.
        """
        plugin = find_adapter(adapter, self._plan.catalogue)
        return plug(plugin, self, self._plan.settings_of(plugin), settings, self._plan.secrets())

    def close(self) -> None:
        """Close the sync client. The async one needs `aclose()`."""
        with self._lock:
            self._closed = True
            client = self._built.pop(CLIENT.key, None)
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close both clients."""
        try:
            self.close()
        finally:
            with self._lock:
                client = self._built.pop(ASYNC_CLIENT.key, None)
            if client is not None:
                await client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
