"""Secrets that stand in mounted files and in keyrings; read when they are needed."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from byoclient.errors import ConfigError, shown, without_frames

MAX_BYTES = 64 * 1024

Fault = Callable[[str], str | None]
"""Returns what is wrong with a secret's text, or None."""


class SecretSource:
    """Where a secret stands; equal where the place is. Its repr shows the place, never the secret."""

    def get_secret_value(self) -> str:
        """Return the secret.

        Raises:
            ConfigError: it cannot be read, or is no secret.
        """
        raise NotImplementedError

    def known_values(self) -> Iterator[str]:
        """Yield the values that were read until now; reads nothing."""
        raise NotImplementedError


@dataclass(slots=True, repr=False)
class _Held:
    """What was read last: the state of the file then, and its text. A copy or pickle holds nothing."""

    read: tuple[object, str] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return _Held, ()


@dataclass(frozen=True, slots=True)
class FileSecret(SecretSource):
    """A mounted file, read again when it has changed. One that was read once is kept while it cannot be read."""

    path: str
    fault: Fault = field(repr=False)
    _held: _Held = field(default_factory=_Held, compare=False, repr=False)

    @without_frames
    def get_secret_value(self) -> str:
        """Return the file's text, without the line break at its end."""
        held = self._held.read
        state = state_of(self.path)
        if held and state in (None, held[0]):
            return held[1]
        try:
            text = checked(_text_of(self.path), self.fault, f"the file '{shown(self.path)}'")
        except ConfigError:
            if held:
                return held[1]
            raise
        self._held.read = (state, text)
        return text

    def known_values(self) -> Iterator[str]:
        """Yield what was read last."""
        if self._held.read:
            yield self._held.read[1]


@dataclass(frozen=True, slots=True)
class KeyringSecret(SecretSource):
    """An entry of the keyring of this machine's user, read through the library `keyring`."""

    service: str
    username: str
    fault: Fault = field(repr=False)
    _held: _Held = field(default_factory=_Held, compare=False, repr=False)

    @without_frames
    def get_secret_value(self) -> str:
        """Return the entry's password; it is asked for once."""
        if self._held.read is None:
            where = f"the keyring's entry '{shown(self.username)}' of '{shown(self.service)}'"
            self._held.read = (None, checked(_from_keyring(self.service, self.username), self.fault, where))
        return self._held.read[1]

    def known_values(self) -> Iterator[str]:
        """Yield what was read."""
        if self._held.read:
            yield self._held.read[1]


def checked(text: str, fault: Fault, where: str) -> str:
    """Return a secret's text.

    Raises:
        ConfigError: it is none.
    """
    wrong = fault(text)
    if wrong:
        raise ConfigError(f"{where} {wrong}.")
    return text


def state_of(path: str) -> object:
    """Return what differs when a file was written anew; None where there is no file."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text_of(path: str) -> str:
    where = f"the file '{shown(path)}'"
    try:
        found = Path(path).stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or device could stay silent, or have no end
            raise ConfigError(f"{where} is no regular file. Name one that holds only the secret.")
        if not found.st_size:  # nor is one that the system makes up, such as the environment of a process
            raise ConfigError(f"{where} is empty. Name one that holds only the secret.")
        with Path(path).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"{where} is larger than {MAX_BYTES} bytes. Name one that holds only the secret.")
        return content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8. Name one that holds only the secret.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise ConfigError(f"{where} cannot be read: {reason}. Check the path, and who may read it.") from None


def _from_keyring(service: str, username: str) -> str:
    try:
        import keyring
    except ImportError:
        raise ConfigError("the library keyring is not installed. Type: pip install 'byoclient[keyring]'") from None
    try:
        found = keyring.get_password(service, username)
    except Exception as error:  # backends raise what they like, and their texts may hold what they like
        raise ConfigError(f"the keyring failed with {type(error).__name__}. Type: keyring diagnose") from None
    if found is None:
        names = f"{shown(service)} {shown(username)}"
        raise ConfigError(f"the keyring has no entry for that service and username. Type: keyring set {names}")
    return str(found)
