"""Sending a request to the next endpoint where one fails, until the first byte of an answer's body.

Importing this module imports the SDK.
"""

from __future__ import annotations

import email.utils
import logging
import math
import time
from typing import Any

import openai

from byoclient.transport.breaker import Permit
from byoclient.transport.compat import httpx
from byoclient.transport.deadlines import Deadline
from byoclient.transport.endpoints import Endpoint, Endpoints
from byoclient.transport.refresh import TokenError
from byoclient.transport.rewriting import Original

logger = logging.getLogger("byoclient.failover")

FAULTS = (httpx.TransportError, openai.APIConnectionError, TokenError)
"""What an endpoint's fault raises; a cut stream the second one."""
_OWN_FAULTS = (httpx.PoolTimeout, httpx.LocalProtocolError, httpx.UnsupportedProtocol)  # the same at each endpoint
_STATUSES = (408, 429)  # and all from 500


class Trip:
    """One request on its way over the endpoints, each at most once.

    Args:
        endpoints: where it may go.
        request: as the SDK made it.
        total: seconds that the whole way may take; None for the request's own timeouts at each endpoint.

    Raises:
        HostError: it goes somewhere else.
    """

    def __init__(self, endpoints: Endpoints, request: Any, total: float | None) -> None:
        self._endpoints = endpoints
        self._original = Original(request)
        self._tried: list[Endpoint] = []
        self._extensions = request.extensions
        self.deadline = Deadline(total, request.extensions.get("timeout", {})) if total is not None else None
        if self.deadline is not None:
            self._extensions = {**request.extensions, "timeout": self.deadline}
        endpoints.budget.deposit()
        found = endpoints.choose()
        assert found is not None  # noqa: S101  (the first choice is never refused)
        self._go(*found)

    def _go(self, endpoint: Endpoint, permit: Permit) -> None:
        self._tried.append(endpoint)
        self.endpoint, self._permit = endpoint, permit

    def request(self) -> Any:
        """Return the request for the current endpoint, without a key or token."""
        return self._original.to(self.endpoint, self._extensions)

    def accepts(self, response: Any) -> bool:
        """Return whether the current endpoint's answer is the request's; if not, it has a fault."""
        if response.status_code in _STATUSES or response.status_code >= 500:
            return False
        if self.endpoint.breaker.succeed(self._permit):
            logger.info("endpoint %s: works again", self.endpoint.name)
        return True

    def goes_on_after_error(self, error: Exception) -> bool:
        """Note a fault of the current endpoint, and return whether the request now goes to another one."""
        if isinstance(error, _OWN_FAULTS) or self._ran_out_of_time(error):
            self.release()
            return False
        return self._goes_on(_name_of(error), None)

    def goes_on_after(self, response: Any) -> bool:
        """The same, for an answer that was not accepted."""
        return self._goes_on(str(response.status_code), retry_after(response.headers))

    def release(self) -> None:
        """Note that nothing is known of the current endpoint."""
        self.endpoint.breaker.release(self._permit)

    def broke_off(self, error: Exception) -> None:
        """Note that an answer that was accepted broke off; nobody else can go on with it."""
        self._fail(self._permit, _name_of(error), None)

    def _ran_out_of_time(self, error: Exception) -> bool:
        """Whether others used up the time that the current endpoint would have needed."""
        timed_out = isinstance(error, (httpx.TimeoutException, openai.APITimeoutError))
        return timed_out and len(self._tried) > 1 and self._is_late()

    def _is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline.end

    def _goes_on(self, fault: str, asked: float | None) -> bool:
        failed = self.endpoint
        self._fail(self._permit, fault, asked)
        if not self._original.again or self._is_late():
            return False
        found = self._endpoints.choose(self._tried)
        if found is None:
            return False
        endpoint, permit = found
        if not self._endpoints.budget.withdraw():
            endpoint.breaker.release(permit)
            logger.warning("endpoint %s: %s; the request goes no further: too many did", failed.name, fault)
            return False
        logger.info("endpoint %s: %s; the request goes on to %s", failed.name, fault, endpoint.name)
        self._go(endpoint, permit)
        return True

    def _fail(self, permit: Permit, fault: str, asked: float | None) -> None:
        pause = self.endpoint.breaker.fail(permit, asked)
        if pause is not None:
            logger.warning("endpoint %s: %s; left alone for %.1f s", self.endpoint.name, fault, pause)


def _name_of(error: Exception) -> str:
    return type(error.__cause__ if isinstance(error, openai.APIConnectionError) and error.__cause__ else error).__name__


def retry_after(headers: Any) -> float | None:
    """Return the seconds that an answer asks to wait, by `retry-after-ms` or `retry-after`; None where it does not."""
    seconds = _number(headers.get("retry-after-ms", ""), 1000) or _number(headers.get("retry-after", ""), 1)
    if seconds is None:
        seconds = _until(headers.get("retry-after", ""))
    return seconds if seconds and seconds > 0 else None


def _until(date: str) -> float | None:
    try:
        parsed = email.utils.parsedate_tz(date)
        return email.utils.mktime_tz(parsed) - time.time() if parsed else None
    except (ValueError, OverflowError, IndexError, TypeError):  # a year that no clock knows, and worse
        return None


def _number(text: str, unit: int) -> float | None:
    try:
        number = float(text) / unit
    except ValueError:
        return None
    return number if math.isfinite(number) else None
