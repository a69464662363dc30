"""What a test does to a running emulator: read its record, issue and revoke tokens, break its answers."""

from __future__ import annotations

from byoclient.emulator import settings as defaults
from byoclient.emulator.answer_faults import NO_FAULT, AnswerFault, AnswerFaults, Cut, Reset
from byoclient.emulator.connections import Connections
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
        self._answer_faults = AnswerFaults()
        self._connections = Connections()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The last 10,000 requests, oldest first; they stay readable after `close()`."""
        return self._record.requests

    @property
    def token_requests(self) -> int:
        """How often a token was asked for (Entra, App Service, IMDS): granted, refused or left without an answer."""
        return self._record.token_requests

    @property
    def connections(self) -> int:
        """How many connections are open now, to both listeners."""
        return self._connections.open

    @property
    def connections_opened(self) -> int:
        """How many connections both listeners accepted; `RecordedRequest.connection` says what came on which."""
        return self._connections.opened

    def clear_requests(self) -> None:
        """Forget the recorded requests and set `token_requests` and `connections_opened` to 0."""
        self._record.clear()
        self._connections.clear()

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

    def break_answers(
        self,
        *,
        status: int | tuple[int, ...] | None = None,
        retry_after: int | None = None,
        retry_after_ms: int | None = None,
        drop: bool = False,
        reset: Reset | None = None,
        hang: bool = False,
        slow: float = 0.0,
        cut: int | None = None,
        cut_by: Cut = "chunk",
        done: bool = True,
        finish_reason: bool = True,
        ping: float | None = None,
        tail: bool = True,
        idle_close: bool = False,
        rate: float = 1.0,
        seed: int = 0,
        times: int | None = None,
        after: int = 0,
    ) -> None:
        """Break the answers of the OpenAI part, in place of what was broken before.

        One of `status`, `drop`, `reset`, `hang`, `cut`, `ping` and `tail`; the others go with each. Requests are read
        whole and recorded all the same.

        Args:
            status: answer with this status, from 400 to 599; of several, one for each request.
            retry_after: the `Retry-After` of these errors, in seconds.
            retry_after_ms: their `Retry-After-Ms`, which Azure sends and the SDK prefers.
            drop: close the connection without an answer.
            reset: reset the connection: `before` or `after` the headers of the answer.
            hang: stay silent. Those who still wait at `mend()` are answered then.
            slow: seconds to wait before each answer.
            cut: end the body after so many bytes, by `cut_by`, and close the connection.
            cut_by: `close`: the body has no length, only the connection's end; `whole`: a clean end after the last
                event that is whole; `half`: a clean end, also within an event; `chunk`: the last chunk is missing.
            done: streams of chat completions end with `[DONE]`.
            finish_reason: they have a finish reason; a responses stream has its final event.
            ping: streams send a comment every so many seconds, and nothing else until `mend()`.
            tail: without it, streams send all their events, but their body does not end until `mend()`.
            idle_close: close the connection after each whole answer, without saying so in it.
            rate: the share of requests that is hit; a request that comes again is judged again.
            seed: which ones, the same in every run.
            times: how often the same request (path and body) is hit at most.
            after: how many requests are left alone first.

        Raises:
            EmulatorError: the arguments contradict each other.
        """
        self._answer_faults.change(
            AnswerFault(
                status=status,
                retry_after=retry_after,
                retry_after_ms=retry_after_ms,
                drop=drop,
                reset=reset,
                hang=hang,
                slow=slow,
                cut=cut,
                cut_by=cut_by,
                done=done,
                finish_reason=finish_reason,
                ping=ping,
                tail=tail,
                idle_close=idle_close,
                rate=rate,
                seed=seed,
                times=times,
                after=after,
            )
        )

    def mend(self) -> None:
        """End what `break_tokens` and `break_answers` began; revoked tokens stay revoked."""
        self.break_tokens()
        self._answer_faults.change(NO_FAULT)
