"""Fields that hold a secret: text, `{env: NAME}`, `{file: /path}` or `{keyring: {service: …, username: …}}`.

A variable is read when the file is checked, as `${VAR}` is. A file or a keyring is read when the secret is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

from pydantic import PlainValidator, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from byoclient.config.context import TRUST_ERROR, trust_of
from byoclient.config.fields import key_fault
from byoclient.config.sources import Fault, FileSecret, KeyringSecret, SecretSource
from byoclient.config.variables import NAME, not_allowed
from byoclient.errors import suggestion
from byoclient.trust import Trust

FORMS = "Write text, {env: NAME}, {file: /path} or {keyring: {service: NAME, username: NAME}}"


def sourced(fault: Fault) -> PlainValidator:
    """Return what makes text, or a mapping that names a source, a secret; for `SecretStr | SecretSource`."""

    def parse(value: object, info: ValidationInfo) -> SecretStr | SecretSource:
        if isinstance(value, (SecretStr, SecretSource)):
            return value
        if isinstance(value, str):
            return _literal(value, fault)
        if isinstance(value, dict):
            return _from_mapping(value, fault, trust_of(info))
        raise _refused(f"should be text, or say where it stands. {FORMS}")

    return PlainValidator(parse)


def _literal(text: str, fault: Fault) -> SecretStr:
    wrong = fault(text)
    if wrong:
        raise _refused(wrong)
    return SecretStr(text)


def _from_mapping(value: dict[str, object], fault: Fault, trust: Trust) -> SecretStr | SecretSource:
    for name in value:
        if name not in _SOURCES:
            raise _refused(f"unknown source of a secret.{suggestion(str(name), _SOURCES)}", str(name))
    if len(value) != 1:
        found = f"holds {' and '.join(value)}. Keep one of them" if value else f"names no source. {FORMS}"
        raise _refused(found)
    ((name, place),) = value.items()
    return _SOURCES[name](place, fault, trust)


def _from_env(name: object, fault: Fault, trust: Trust) -> SecretStr:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _refused("takes the name of an environment variable", "env")
    if not trust.allows_variable(name):
        raise _refused(not_allowed(name, trust), "env", TRUST_ERROR)
    value = os.environ.get(name)
    if value is None:
        raise _refused(f"the variable {name} is not set. Set it", "env")
    wrong = fault(value)
    if wrong:
        raise _refused(f"the variable {name} {wrong}", "env")
    return SecretStr(sys.intern(value))  # many fields may name one variable


def _from_file(path: object, fault: Fault, trust: Trust) -> FileSecret:
    if not isinstance(path, str) or not path:
        raise _refused("takes the path of a file", "file")
    return FileSecret(path, fault)


def _from_keyring_entry(entry: object, fault: Fault, trust: Trust) -> KeyringSecret:
    names = ("service", "username")
    if not isinstance(entry, dict) or set(entry) != set(names):
        raise _refused("takes service and username, and nothing else", "keyring")
    if not all(isinstance(entry[name], str) and entry[name] for name in names):
        raise _refused("takes text under service and username", "keyring")
    return KeyringSecret(entry["service"], entry["username"], fault)


_SOURCES: dict[str, Callable[[object, Fault, Trust], SecretStr | SecretSource]] = {
    "env": _from_env,
    "file": _from_file,
    "keyring": _from_keyring_entry,
}


def _refused(message: str, key: str | None = None, kind: str = "byoclient_secret") -> PydanticCustomError:
    # The text goes in as a value: a template would take braces in it for names.
    return PydanticCustomError(kind, "{message}", {"message": message.rstrip("."), **({"key": key} if key else {})})


def _no_fault(text: str) -> str | None:
    return None if text.strip() else "is empty"


SourcedSecret = Annotated[SecretStr | SecretSource, sourced(key_fault)]
LongSecret = Annotated[SecretStr | SecretSource, sourced(_no_fault)]
"""A secret that may have several lines, such as a certificate with its key."""
