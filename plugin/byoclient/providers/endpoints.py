"""Entries of `endpoints:`: where requests may go, each with its own key or credential."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from byoclient.config import OptionsContext
from byoclient.config.fields import Count
from byoclient.errors import shown
from byoclient.providers.sign_in import SignIn, checked_origin

if TYPE_CHECKING:
    from byoclient.transport.endpoints import Endpoint


class EndpointOptions(SignIn):
    """What the entries of all client providers have in common.

    Attributes:
        name: in log lines and in `clients.endpoints()`; by default the host and the deployment or model.
        priority: those with the lowest get requests as long as one of them is healthy.
        weight: the share among the healthy ones of one priority.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/:-]+$", max_length=100)] | None = None
    priority: Count = 0
    weight: Annotated[Count, Field(ge=1)] = 1

    def stands_in(self, context: OptionsContext, index: int) -> None:
        """Note the place of this entry in the file, for errors that come up later."""
        if context.options is not None:
            self._context = replace(context, options=context.options.child("endpoints").child(index))

    def endpoint(self) -> Endpoint:
        """Return the endpoint as the transport takes it."""
        from byoclient.transport.breaker import breakers
        from byoclient.transport.endpoints import Endpoint

        url, model = self._goes_to()
        origin = str(checked_origin(url)).partition("://")[2]
        key = self.key()
        return Endpoint(
            name=self.name or (f"{origin}/{shown(model)}" if model else origin),
            url=url,
            model=model,
            priority=self.priority,
            weight=self.weight,
            binding=self.binding(),
            tokens=self.tokens(),
            key=key if callable(key) or key is None else lambda: key,
            key_header=self._key_header(),
            breaker=breakers.of((url, model, self.credential or self.api_key)),
        )

    def _goes_to(self) -> tuple[str, str | None]:
        """Return the URL up to the part that depends on the request, and the deployment or model."""
        raise NotImplementedError

    def _key_header(self) -> Literal["api-key", "Authorization"]:
        raise NotImplementedError
