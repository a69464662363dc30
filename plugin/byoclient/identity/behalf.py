"""An application that acts on behalf of a user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from byoclient.config.secret_fields import SourcedSecret
from byoclient.identity.application import ApplicationConfig, CertificateOptions
from byoclient.identity.assertion import AssertionFunc, assertion_of
from byoclient.identity.following import following

if TYPE_CHECKING:
    from azure.core.credentials import SupportsTokenInfo

PROOFS = ("client_secret", "certificate_path", "certificate_data", "func")


class OnBehalfOfConfig(ApplicationConfig, CertificateOptions):
    """`kind: on_behalf_of`: the token that a user brought, exchanged for one of Azure OpenAI.

    Attributes:
        user_assertion: the user's token, made for this application.
        client_secret: proves who the application is; this, a certificate, or `func`.
        func: as in `client_assertion`.
    """

    kind: Literal["on_behalf_of"]
    user_assertion: SourcedSecret
    client_secret: SourcedSecret | None = None
    func: AssertionFunc | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        given = [name for name in PROOFS if getattr(self, name)]
        if not given:
            raise ValueError(f"holds none of {', '.join(PROOFS)}. Give one of them")
        if len(given) > 1:
            raise ValueError(f"holds {' and '.join(given)}. Keep one of them")
        return self

    def build(self) -> SupportsTokenInfo:
        """Return an `OnBehalfOfCredential`."""
        secrets = (self.user_assertion, self.client_secret, self.certificate_data, self.password)
        return following(self._build, self.certificate_path, *secrets)

    def _build(self) -> SupportsTokenInfo:
        from azure.identity import OnBehalfOfCredential

        user_assertion = self.user_assertion.get_secret_value()
        proof = {**self._proof(), **self.arguments()}
        return OnBehalfOfCredential(self.tenant_id, self.client_id, user_assertion=user_assertion, **proof)

    def _proof(self) -> dict[str, Any]:
        if self.client_secret:
            return {"client_secret": self.client_secret.get_secret_value()}
        if self.func:
            return {"client_assertion_func": assertion_of(self.func)}
        # This class of azure-identity takes no path.
        content = Path(self.certificate_path).read_bytes() if self.certificate_path else self.certificate()
        return {"client_certificate": content, **self.certificate_arguments()}

    def help(self) -> str:
        """Return what a person can do."""
        return (
            "Check that user_assertion is a token that the user got for this application and that it has not expired, "
            "and the application's secret, certificate or func."
        )
