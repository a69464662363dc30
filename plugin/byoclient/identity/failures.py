"""What a credential's failure tells a person, without secrets."""

from __future__ import annotations

import re

from byoclient.config.secrets import forms_of, redact, secret_values
from byoclient.identity.base import CredentialConfig


def explain(config: CredentialConfig, error: BaseException) -> str:
    """Return what was tried, what was said, and what to do."""
    text = redact(str(error).strip(), forms_of(secret_values(config)))
    attempts = re.findall(r"^\s+(\w+Credential): (.*?)(?:\.\s|\.?$)", text, re.M)  # its first sentence
    if attempts:
        said = "; ".join(f"{name}: {reason}" for name, reason in attempts)
    else:
        said = text.splitlines()[0][:300].rstrip(".") if text else type(error).__name__
    return f"credential kind '{config.kind}' gave no token. It said: {said}. {config.help()}"
