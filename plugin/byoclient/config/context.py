"""What a model can read as `info.context` while its options are validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationInfo

from byoclient.config.section import Section
from byoclient.trust import Trust

TRUST_ERROR = "byoclient_trust"  # the type of a PydanticCustomError that becomes a TrustError


@dataclass(frozen=True, slots=True)
class OptionsContext:
    """The surroundings of the options.

    Attributes:
        trust: what the calling program allows.
        options: where the options stand in the file, for errors that come up later.
        catalogue: what is installed; None where nobody has looked yet.
    """

    trust: Trust = field(default_factory=Trust)
    options: Section | None = None
    catalogue: Any = field(default=None, repr=False, compare=False)  # of a room above this one


def trust_of(info: ValidationInfo) -> Trust:
    """Return what the calling program allows; nothing beyond the defaults where nobody says."""
    return info.context.trust if isinstance(info.context, OptionsContext) else Trust()
