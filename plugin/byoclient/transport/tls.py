"""TLS contexts, made once for each set of certificates: one costs some 30 ms and 800 KiB.

The last few are kept, for clients that come; others go with the last pool that uses them, or each renewal of a file
would leave one behind.
"""

from __future__ import annotations

import os
import ssl
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from byoclient.config.certificates import certificate_files, load_certificate
from byoclient.config.sources import state_of
from byoclient.errors import ConfigError

if TYPE_CHECKING:
    from byoclient.config.http import HttpOptions

MOST_KEPT = 4  # contexts that no pool uses


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Certificates, as they were when the client was built: those that were renewed since make another context.

    Attributes:
        ca_file: PEM file of the certificate authorities to trust.
        certificate: PEM files of the client's certificate and of its key.
        trust_env: whether `SSL_CERT_FILE` and `SSL_CERT_DIR` count.
        states: what differs when one of the files was written anew.
    """

    ca_file: str | None
    certificate: tuple[str, str | None] | None
    trust_env: bool
    states: tuple[Any, ...]

    @classmethod
    def of(cls, options: HttpOptions) -> TlsOptions:
        """Return the certificates of some options."""
        certificate = certificate_files(options.client_certificate) if options.client_certificate else None
        variables = ("SSL_CERT_FILE", "SSL_CERT_DIR") if options.trust_env else ()
        named = [os.environ.get(name) for name in variables]
        files = [options.ca_file, *(certificate or ()), *named]
        return cls(
            options.ca_file, certificate, options.trust_env, tuple((file, state_of(file)) for file in files if file)
        )


_contexts: WeakValueDictionary[tuple[TlsOptions, bool], ssl.SSLContext] = WeakValueDictionary()
_kept: deque[ssl.SSLContext] = deque(maxlen=MOST_KEPT)


def context_of(options: TlsOptions, *, http2: bool) -> ssl.SSLContext:
    """Return the process's context for these certificates; for one thread at a time.

    Args:
        options: the certificates.
        http2: whether HTTP/2 is offered to the server; httpcore notes that in the context.

    Raises:
        ConfigError: a file cannot be read, or holds no certificates; its `key` is that of the options.
    """
    key = (options, http2)
    context = _contexts.get(key)
    if context is None:
        context = _contexts[key] = _context(options)
    if context not in _kept:
        _kept.append(context)
    return context


def _context(options: TlsOptions) -> ssl.SSLContext:
    from byoclient.transport.compat import httpx

    key = "ca_file" if options.ca_file else "trust_env"
    try:
        if options.ca_file:
            context = ssl.create_default_context(cafile=options.ca_file)
        else:
            context = httpx.create_ssl_context(trust_env=options.trust_env)
    except (OSError, ValueError):
        named = "" if options.ca_file else ": SSL_CERT_FILE or SSL_CERT_DIR"
        raise ConfigError(f"no certificates can be read{named}. Check the path, and what it holds.", key=key) from None
    if options.certificate:
        try:
            load_certificate(context, *options.certificate)
        except ValueError as error:
            raise ConfigError(f"{error}.", key="client_certificate") from None
    return context
