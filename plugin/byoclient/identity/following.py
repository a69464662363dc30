"""A credential that is built anew when a file that it was built from has changed.

azure-identity (1.27) reads secrets and certificates once, when a credential is made; mounted ones are rotated.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from byoclient.config.sources import FileSecret, state_of

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo, SupportsTokenInfo, TokenRequestOptions

Build = Callable[[], "SupportsTokenInfo"]


def following(build: Build, *places: object) -> SupportsTokenInfo:
    """Return what `build` builds; where it is made from files, one that follows them.

    Args:
        build: makes the azure-identity credential.
        places: paths of files, and secrets; those that stand in no file are not looked at.
    """
    paths = [place.path if isinstance(place, FileSecret) else place for place in places]
    files = tuple(path for path in paths if isinstance(path, str))
    return FollowingCredential(build, files) if files else build()


class FollowingCredential:
    """Hands everything to the credential that it built last; that of a file that is gone is kept."""

    def __init__(self, build: Build, files: tuple[str, ...]) -> None:
        self._build = build
        self._files = files
        self._states = self._now()
        self._credential = build()

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """Return a token of the current credential."""
        states = self._now()
        if states != self._states and None not in states:
            before, self._credential = self._credential, self._build()
            self._states = states
            _close(before)
        return self._credential.get_token_info(*scopes, options=options or {})

    @property
    def _credential_name(self) -> str:  # what azure-identity (1.27) calls a member of a chain that failed
        return type(self._credential).__name__

    def close(self) -> None:
        """Close the current credential."""
        _close(self._credential)

    def __enter__(self) -> FollowingCredential:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _now(self) -> list[object]:
        return [state_of(file) for file in self._files]


def _close(credential: Any) -> None:
    with suppress(Exception):  # as in TokenSource: nothing is left to do with it
        credential.close()
