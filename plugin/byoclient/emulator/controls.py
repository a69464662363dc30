"""What a test does to a running emulator: read its record, issue and revoke tokens, break its token endpoints."""

from __future__ import annotations

from byoclient.emulator import settings as defaults
from byoclient.emulator.faults import Fault, Faults
from byoclient.emulator.record import Record, RecordedRequest
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens


class Controls:
    """The part of `Emulator` that is used while it runs; from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._record = Record()
        self._tokens = Tokens(settings)
        self._faults = Faults()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The last 10,000 requests, oldest first; they stay readable after `close()`."""
        return self._record.requests

    @property
    def token_requests(self) -> int:
        """How often a token was asked for (Entra, App Service, IMDS): granted, refused or left without an answer."""
        return self._record.token_requests

    def clear_requests(self) -> None:
        """Forget the recorded requests and set `token_requests` to 0."""
        self._record.clear()

    def issue_token(self, resource: str = defaults.RESOURCE, lifetime: float | None = None) -> str:
        """Return a bearer token for a resource.

        Args:
            resource: the audience, with or without `/.default`. A token for the `client_id` is what a user
                brings to this application, to act on behalf of.
            lifetime: seconds, that of other tokens by default; a negative one makes an expired token.
        """
        return self._tokens.issue(resource, lifetime).text

    def revoke(self, token: str, *, challenge: bool = False) -> None:
        """Let the OpenAI part refuse a token from now on.

        Args:
            token: a token that this emulator issued.
            challenge: the 401 has a claims challenge, as services with continuous access evaluation send it.

        Raises:
            EmulatorError: the token is not of this emulator.
        """
        self._tokens.revoke(token, challenge=challenge)

    def revoke_tokens(self, *, challenge: bool = False) -> None:
        """Let the OpenAI part refuse all tokens that were issued until now; later ones are accepted."""
        self._tokens.revoke_all(challenge=challenge)

    def break_tokens(
        self,
        *,
        status: int | None = None,
        retry_after: int | None = None,
        drop: bool = False,
        hang: bool = False,
        slow: float = 0.0,
        lifetime: float | None = None,
        discovery: bool = False,
    ) -> None:
        """Break the token endpoints (Entra, App Service, IMDS), in place of what was broken before.

        One of `status`, `drop` and `hang`; the others go with each. Requests are recorded and counted all the same.

        Args:
            status: answer with this status, from 400 to 599, and the error that the endpoint has for it.
            retry_after: the `Retry-After` of these errors, in seconds.
            drop: read the request and close the connection without an answer.
            hang: stay silent. Those who still wait at `mend()` are answered then; `close()` does not wait for them.
            slow: seconds to wait before each answer.
            lifetime: seconds that tokens issued from now on live.
            discovery: Entra's discovery document has the same fault. It is no token request.

        Raises:
            EmulatorError: the arguments contradict each other.
        """
        fault = Fault(status, retry_after, drop, hang, slow, discovery)
        self._tokens.lifetime = self._settings.token_lifetime if lifetime is None else lifetime
        self._faults.change(fault)

    def mend(self) -> None:
        """End what `break_tokens` began; revoked tokens stay revoked."""
        self.break_tokens()
