"""`credential:` in YAML: one strict model for each kind, told apart by `kind`.

A tagged union whose members are imported and built when a file first names them: a program uses one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from byoclient.identity.base import CredentialConfig


def _application() -> ModuleType:
    from byoclient.identity import application

    return application


def _behalf() -> ModuleType:
    from byoclient.identity import behalf

    return behalf


def _chain() -> ModuleType:
    from byoclient.identity import chain

    chain.ChainConfig.model_rebuild(_types_namespace={"Credential": Credential})
    return chain


def _developer() -> ModuleType:
    from byoclient.identity import developer

    return developer


def _environment() -> ModuleType:
    from byoclient.identity import environment

    return environment


def _federated() -> ModuleType:
    from byoclient.identity import federated

    return federated


def _managed() -> ModuleType:
    from byoclient.identity import managed

    return managed


def _people() -> ModuleType:
    from byoclient.identity import people

    return people


def _static() -> ModuleType:
    from byoclient.identity import static

    return static


KINDS: Mapping[str, tuple[Callable[[], ModuleType], str]] = {
    "default": (_developer, "DefaultCredentialConfig"),
    "managed_identity": (_managed, "ManagedIdentityConfig"),
    "workload_identity": (_federated, "WorkloadIdentityConfig"),
    "client_secret": (_application, "ClientSecretConfig"),
    "client_certificate": (_application, "ClientCertificateConfig"),
    "client_assertion": (_federated, "ClientAssertionConfig"),
    "on_behalf_of": (_behalf, "OnBehalfOfConfig"),
    "azure_cli": (_developer, "AzureCliConfig"),
    "azure_developer_cli": (_developer, "AzureDeveloperCliConfig"),
    "azure_powershell": (_developer, "AzurePowerShellConfig"),
    "environment": (_environment, "EnvironmentConfig"),
    "azure_pipelines": (_federated, "AzurePipelinesConfig"),
    "device_code": (_people, "DeviceCodeConfig"),
    "interactive_browser": (_people, "InteractiveBrowserConfig"),
    "chain": (_chain, "ChainConfig"),
    "static_token": (_static, "StaticTokenConfig"),
}


def model_of(kind: str) -> type[CredentialConfig]:
    """Return the model of a kind."""
    load, name = KINDS[kind]
    model: type[CredentialConfig] = getattr(load(), name)
    return model


class AnyKind:
    """The union, as an annotation."""

    def models(self) -> list[type[CredentialConfig]]:
        """Return all members, in their order; for messages."""
        return [model_of(kind) for kind in KINDS]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {kind: core_schema.with_info_plain_validator_function(_validator(kind)) for kind in KINDS}
        return core_schema.tagged_union_schema(dict(choices), discriminator="kind")


def _validator(kind: str) -> Callable[[Any, ValidationInfo], CredentialConfig]:
    def validate(value: Any, info: ValidationInfo) -> CredentialConfig:
        # What the member finds wrong is a ValidationError too; pydantic puts it in its place in the outer one.
        return model_of(kind).model_validate(value, context=info.context)

    return validate


Credential = Annotated[CredentialConfig, AnyKind()]
