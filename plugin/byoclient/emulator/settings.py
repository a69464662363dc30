"""What an emulator is started with. The values below are well-known demo values, not secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

API_KEY = "byoclient-emulator-key"
TENANT_ID = "b70c11e0-0000-4000-8000-000000000001"
CLIENT_ID = "b70c11e0-0000-4000-8000-000000000002"
CLIENT_SECRET = "byoclient-emulator-secret"  # noqa: S105 - a published demo value
FEDERATED_TOKEN = "byoclient-emulator-federated-token"  # noqa: S105 - a published demo value
IDENTITY_HEADER = "byoclient-emulator-identity-header"
RESOURCE = "https://cognitiveservices.azure.com"
USER = "user@emulator.example"
USER_ID = "b70c11e0-0000-4000-8000-000000000003"
APPLICATION_ID = "b70c11e0-0000-4000-8000-000000000004"  # of its service principal in the tenant
AUDIENCES = (RESOURCE, "https://ai.azure.com")
DEPLOYMENTS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "text-embedding-3-small",
    "text-embedding-3-large",
    "text-embedding-ada-002",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The names, keys and clock of one emulator; times are seconds."""

    api_key: str = field(repr=False)
    deployments: tuple[str, ...]
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    federated_token: str = field(repr=False)
    identity_header: str = field(repr=False)
    token_lifetime: float
    clock: Callable[[], float]
    client_certificate: bytes | None = None

    @property
    def own_audiences(self) -> tuple[str, str]:
        """The audiences of tokens that users bring to the application."""
        return self.client_id, f"api://{self.client_id}"
