"""Which environment variables a file reads: those that it names, and those that its credential kinds look at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from byoclient.config.variables import NAME

_NAMED = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)

_APPLICATION = ("AZURE_AUTHORITY_HOST", "AZURE_REGIONAL_AUTHORITY_NAME")
_WORKLOAD = (
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_KUBERNETES_CA_DATA",
    "AZURE_KUBERNETES_CA_FILE",
    "AZURE_KUBERNETES_SNI_NAME",
    "AZURE_KUBERNETES_TOKEN_PROXY",
    "AZURE_TENANT_ID",
)
_MANAGED = (
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    *_WORKLOAD,
)
_ENVIRONMENT = (
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
    "AZURE_PASSWORD",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    *_APPLICATION,
)
# azure-identity 1.25: `_constants.py`, and where its credentials read them.
_OF_KIND = {
    "client_secret": _APPLICATION,
    "client_certificate": _APPLICATION,
    "client_assertion": _APPLICATION,
    "on_behalf_of": _APPLICATION,
    "azure_pipelines": ("SYSTEM_OIDCREQUESTURI", *_APPLICATION),
    "workload_identity": _WORKLOAD,
    "managed_identity": _MANAGED,
    "environment": _ENVIRONMENT,
    "default": (*_ENVIRONMENT, *_MANAGED, "AZURE_TOKEN_CREDENTIALS"),
}
_OF_TRUST_ENV = ("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE")


def names_in(data: object) -> set[str]:
    """Return the names of the variables that an LLM of a file reads, from its text as it stands there."""
    return set(_names(data))


def _names(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield from _NAMED.findall(data)
    elif isinstance(data, list):
        for item in data:
            yield from _names(item)
    elif isinstance(data, dict):
        kind, name = data.get("kind"), data.get("env")
        yield from _OF_KIND.get(kind, ()) if isinstance(kind, str) else ()
        if len(data) == 1 and isinstance(name, str) and NAME.fullmatch(name):
            yield name
        if data.get("trust_env") is True:
            yield from _OF_TRUST_ENV
        for item in data.values():
            yield from _names(item)
