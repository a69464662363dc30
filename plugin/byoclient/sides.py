"""One side of an LLM, sync or async: the client provider that was found, its options, and how it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from types import CoroutineType, FunctionType
from typing import Any

from pydantic import BaseModel

from byoclient.config import OptionsContext, Section, validate
from byoclient.config.secrets import secret_values, told
from byoclient.config.section import Key
from byoclient.errors import ByoclientError, ConfigError, PlacedError, ProviderError, with_article
from byoclient.importing import import_function, options_model
from byoclient.plugins import ASYNC_CLIENT_PROVIDERS, CLIENT_PROVIDERS, Catalogue
from byoclient.resolve import NOUNS, Found, find
from byoclient.startup import without_collections
from byoclient.trust import Trust
from byoclient.watching import watched


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells the sync side from the async one.

    Attributes:
        key: its key in the file.
        group: its entry-point group.
        returns: the class of the openai SDK whose instances it returns.
    """

    key: str
    group: str
    returns: str


CLIENT = Kind("client_provider", CLIENT_PROVIDERS, "OpenAI")
ASYNC_CLIENT = Kind("async_client_provider", ASYNC_CLIENT_PROVIDERS, "AsyncOpenAI")


@dataclass(frozen=True, slots=True)
class Side:
    """A client provider and its options, found but not imported.

    Attributes:
        kind: sync or async.
        found: the function that the reference leads to.
        section: the LLM in the file.
        trust: what the calling program allows.
        catalogue: what was installed when the file was loaded.
    """

    kind: Kind
    found: Found
    section: Section
    trust: Trust
    catalogue: Catalogue = field(repr=False)

    @classmethod
    def find(
        cls, kind: Kind, section: Section, trust: Trust, catalogue: Catalogue, errors: list[ConfigError]
    ) -> Side | None:
        """Return the side that a file names; None where it names none, or wrongly: that is then in `errors`."""
        reference = section.child(kind.key).data
        if not isinstance(reference, str):
            return None
        try:
            with located(section, kind.key):
                return cls(kind, find(reference, kind.group, catalogue, trust), section, trust, catalogue)
        except ConfigError as error:
            errors.append(error)
            return None

    def ready(self) -> tuple[FunctionType, BaseModel | None]:
        """Import the provider and validate its options; calls nothing.

        Raises:
            ProviderError: it cannot be imported, or is no client provider.
            ConfigError: its options are wrong.
        """
        with located(self.section, self.kind.key):
            function = import_function(self.found)
            model = options_model(function)
        return function, self._options(model)

    def prepare(self) -> None:
        """Import what the options name too: the functions of client assertions.

        Raises:
            the same as `ready()`.
        """
        from byoclient.identity.assertion import assertion_of, functions_in

        _, options = self.ready()
        for loc, found in functions_in(options):
            with located(self.section, "options", *loc):
                assertion_of(found)

    def _options(self, model: type[BaseModel] | None) -> BaseModel | None:
        options = self.section.child("options")
        if model is None:
            if options.data:
                raise options.error(f"'{self.found.reference}' takes no options. Take them away.")
            return None
        options = replace(options, data={} if options.data is None else options.data)
        context = OptionsContext(self.trust, replace(options, data=None), self.catalogue)
        return validate(model, options, unknown=f"unknown option of '{self.found.reference}'", context=context)

    def build(self) -> Any:
        """Call the provider and return its client.

        Raises:
            ProviderError: it cannot be imported, raises, or returns something else.
            ConfigError: its options are wrong.
        """
        function, options = self.ready()
        with located(self.section, self.kind.key):
            return _checked(self._called(function, options), self)

    def _called(self, function: FunctionType, options: BaseModel | None) -> Any:
        try:
            with without_collections(), self._watched():
                return function(options) if options is not None else function()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a provider may raise what it likes, SystemExit too
            said, cause = told(error, secret_values(options))
        if isinstance(cause, ByoclientError):
            raise cause
        # Outside of the except: what the provider raised may hold a secret, and would be the context of ours.
        raise ProviderError(f"'{self.found.reference}' raised {said}") from cause

    def _watched(self) -> AbstractContextManager[None]:
        return nullcontext() if self.found.is_built_in else watched(f"calling '{self.found.reference}'")

    def secrets(self) -> Iterator[str]:
        """Yield the secrets of the options; none where they are wrong."""
        with suppress(ByoclientError):
            yield from secret_values(self.ready()[1])


def _checked(client: object, side: Side) -> object:
    import openai

    if _is_a(client, getattr(openai, side.kind.returns)):
        return client
    if type(client) is CoroutineType:
        client.close()  # one that nobody awaits would warn
    twin = ASYNC_CLIENT if side.kind is CLIENT else CLIENT
    hint = f" Name it as {twin.key} instead." if _is_a(client, getattr(openai, twin.returns)) else ""
    raise ProviderError(
        f"'{side.found.reference}' returned {type(client).__name__}; {with_article(NOUNS[side.kind.group])} returns "
        f"{side.kind.returns} or a subclass of it.{hint}"
    )


def _is_a(client: object, kind: type) -> bool:
    try:
        return isinstance(client, kind)
    except Exception:  # somebody else's __class__
        return False


@contextmanager
def located(section: Section, *loc: Key) -> Iterator[None]:
    """Add the place in the file to errors that do not know it."""
    try:
        yield
    except PlacedError as error:
        if error.file is not None:
            raise
        raise section.error(error.message, *loc, kind=type(error)) from error.__cause__
