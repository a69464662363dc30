"""`load()`, `watch()` and `Clients`: the clients of one LLM, built once, on first use."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from byoclient.built import Built
from byoclient.errors import ClosedError, without_frames
from byoclient.plan import Plan
from byoclient.plugging import find_adapter, plug
from byoclient.reloading import Current, Watch, unpickled
from byoclient.sides import ASYNC_CLIENT, CLIENT, Kind
from byoclient.startup import without_collections
from byoclient.travel import Configuration, check_no_literal_secret
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
        return Clients(Current(Built(Configuration.read(path, llm, trust or Trust()))))


def watch(
    path: str | os.PathLike[str], *, llm: str | None = None, trust: Trust | None = None, interval: float = 1.0
) -> Clients:
    """Load a YAML file, and reload it when it has changed: checked as a whole first, and swapped as a whole.

    There is no thread: the file is looked at when `client()`, `async_client()` or `plug()` is called. What keeps a
    client, as a framework may, keeps the old one until it asks again. A file that is wrong is logged once, as a warning
    of the logger `byoclient.reload`, and what was there before stays. Write the file elsewhere and rename it, so that
    nobody reads half of it.

    Args:
        path, llm, trust: as in `load()`.
        interval: seconds between two looks at the file; 0 to look at each call.

    Returns:
        the clients. Copies of them watch too; what was pickled does not.

    Raises:
        the same as `load()`.
    """
    looking = Watch(os.path.abspath(path), interval)  # before the file is read: a change in between is then noticed
    with without_collections():
        return Clients(Current(Built(Configuration.read(path, llm, trust or Trust())), looking))


class Clients:
    """The clients of one LLM of a YAML file. Safe to share between threads.

    They pickle: what travels is the file's content, with the names of variables and the places of secrets, and what the
    program trusts. Where they are unpickled they are checked anew when they are first used, against what is installed
    and set there, and built once for each process. A copy, also a deep one, shares the built clients, and what
    `reload()` puts in their place. Closing is of one object: it travels with no copy, and the last of those that
    share clients closes them.
    """

    def __init__(self, current: Current) -> None:
        self._current = current
        self._closed = False
        current.hold(self)

    def __copy__(self) -> Self:
        return type(self)(self._current)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self._current)

    def __getstate__(self) -> Configuration:
        built = self._current.built
        if not built.unpickled:  # it was checked where it was pickled first
            check_no_literal_secret(built.plan)
        return built.configuration

    def __setstate__(self, configuration: Configuration) -> None:
        self.__init__(unpickled(configuration))  # type: ignore[misc]  # an object that was not made yet

    @property
    def _plan(self) -> Plan:
        return self._current.built.plan

    def __repr__(self) -> str:
        if not self._current.built.is_planned:  # a repr raises nothing
            return f"<Clients of {self._current.built.configuration.section.file!r}: unpickled, not used yet>"
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
        """Return the sync client: always the same one, until a reload.

        Raises:
            ConfigError: the file names no client provider, or its options are wrong.
            ProviderError: the provider cannot be imported, raises, or returns something else.
            ClosedError: the clients were closed.
        """
        client: OpenAI = self._get(CLIENT)
        return client

    def async_client(self) -> AsyncOpenAI:
        """Return the async client, as `client()` does. A plain method; nobody awaits it.

        Raises:
            the same as `client()`.
        """
        client: AsyncOpenAI = self._get(ASYNC_CLIENT)
        return client

    def _get(self, kind: Kind) -> Any:
        self._current.look()
        built = self._current.built
        client = built.found(kind)
        return client if client is not None and not self._closed else built.get(kind, self._check_open)

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("these Clients were closed. Call byoclient.load() again.")

    def prepare(self) -> Self:
        """Import all functions that the file names, validate what is theirs, build the clients.

        Sends nothing. For programs that want every error at startup.

        Raises:
            the same as `client()`.
        """
        for side in self._plan.sides:
            side.prepare()
            self._get(side.kind)
        for name in self._plan.config.adapters:
            self._plan.check_adapter(name)
        return self

    def endpoints(self) -> tuple[EndpointState, ...]:
        """Return what is known of the `endpoints:` of the options, in their order; empty where there are none.

        Builds a client where there is none yet; sends nothing. Processes know of their own requests only.

        Raises:
            the same as `client()`.
        """
        from byoclient.transport.endpoints import states_of

        return states_of(self.client() if self.has_client else self.async_client())

    @without_frames
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
        self._current.look()
        plan = self._plan
        plugin = find_adapter(adapter, plan.catalogue)
        return plug(plugin, self, plan.settings_of(plugin), settings, plan.secrets())

    def reload(self) -> Self:
        """Read the file again, check and build what it says, and only then let it count; returns these Clients.

        Clients that were handed out before go on working, and give their connections back when nobody holds them any
        more. What keeps a client, as a framework may, keeps the old one until it asks again.

        Raises:
            ConfigError: the file is wrong; what was there before stays.
            ProviderError: a client provider fails; as above.
            ClosedError: the clients were closed.
        """
        self._check_open()
        self._current.reload()
        return self

    def close(self) -> None:
        """Close the sync client, unless a copy is still open. The async one needs `aclose()`."""
        self._closed = True
        client = self._current.let_go(self, CLIENT)
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close both clients, unless a copy is still open."""
        try:
            self.close()
        finally:
            client = self._current.let_go(self, ASYNC_CLIENT)
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
