"""`func:`: a function that returns a client assertion, a signed text that proves who an application is.

It is a reference under the same trust as a client provider: the text decides, when the file is checked; the function
is imported when the credential is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Annotated

from pydantic import BaseModel, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from byoclient.config.context import TRUST_ERROR, OptionsContext, trust_of
from byoclient.config.fields import key_fault
from byoclient.config.section import Loc
from byoclient.errors import ConfigError, ProviderError, TrustError
from byoclient.importing import import_function
from byoclient.plugins import CLIENT_ASSERTIONS, Catalogue, scan
from byoclient.resolve import Found, find


def _found(reference: object, info: ValidationInfo) -> Found:
    if isinstance(reference, Found):
        return reference
    if not isinstance(reference, str):
        raise ValueError("should be text, such as acme_identity:assertion")
    try:
        return find(reference, CLIENT_ASSERTIONS, _catalogue(info), trust_of(info))
    except ConfigError as error:
        kind = TRUST_ERROR if isinstance(error, TrustError) else "byoclient_reference"
        raise PydanticCustomError(kind, "{message}", {"message": error.message}) from None


def _catalogue(info: ValidationInfo) -> Catalogue:
    # A file may name functions in hundreds of credentials, and a scan takes long.
    found = info.context.catalogue if isinstance(info.context, OptionsContext) else None
    return found if isinstance(found, Catalogue) else scan()


AssertionFunc = Annotated[Found, PlainValidator(_found)]


def assertion_of(found: Found) -> Callable[[], str]:
    """Import the function; return what calls it and checks what it returns.

    Raises:
        ProviderError: it cannot be imported, or takes parameters.
    """
    function = import_function(found, "client assertion")
    if inspect.signature(function).parameters:
        raise ProviderError(f"'{found.reference}' takes {inspect.signature(function)}. It should take no parameter.")
    return Assertion(found.reference, function)


def functions_in(data: object, loc: Loc = ()) -> Iterator[tuple[Loc, Found]]:
    """Yield the functions that options name, and where in them: in a credential, or in one of a chain's."""
    if isinstance(data, Found):
        yield loc, data
    elif isinstance(data, BaseModel):
        yield from (found for name, item in data for found in functions_in(item, (*loc, name)))
    elif isinstance(data, tuple):
        yield from (found for index, item in enumerate(data) for found in functions_in(item, (*loc, index)))


@dataclass(frozen=True, slots=True)
class Assertion:
    """Calls somebody's function; what it raises or returns is told without values."""

    reference: str
    function: FunctionType

    def __call__(self) -> str:
        """Return the assertion.

        Raises:
            ValueError: there is none. azure-identity passes it on.
        """
        try:
            assertion = self.function()
        except Exception as error:
            raise ValueError(f"'{self.reference}' raised {type(error).__name__}") from error
        if not isinstance(assertion, str):
            raise ValueError(f"'{self.reference}' returned {type(assertion).__name__}; a client assertion is text")
        wrong = key_fault(assertion)
        if wrong:
            del assertion  # may be good but for a line break, and error trackers show local variables
            raise ValueError(f"what '{self.reference}' returned {wrong}")
        return assertion
