"""Client providers in a module that needs a module that is not installed."""

from typing import Any

import acme_missing_dependency


def client() -> Any:
    """Never called."""
    return acme_missing_dependency.client()


def async_client() -> Any:
    """Never called."""
    return acme_missing_dependency.async_client()
