"""How a client connects: `http:` in the options of a client provider, and what of it makes a pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr, field_validator

from byoclient.config.fields import Count, Seconds
from byoclient.config.headers import Headers
from byoclient.config.http import NO_PROXY_URL, HttpOptions, proxy_origin
from byoclient.errors import ConfigError
from byoclient.transport.tls import TlsOptions, context_of

if TYPE_CHECKING:
    import ssl

# openai's own (2.54 to 3.57: `_constants.py`).
MAX_CONNECTIONS = 1000
MAX_KEEPALIVE_CONNECTIONS = 100
KEEPALIVE_EXPIRY = 5.0  # seconds
TIMEOUT = 600.0  # seconds
CONNECT_TIMEOUT = 5.0  # seconds


class ClientHttp(HttpOptions):
    """`http:` in the options of a client provider. All clients with the same values share their connections.

    Attributes:
        max_connections: the most at one time; further requests wait for `pool_timeout`.
        max_keepalive_connections: the most that are kept without a request.
        connect_timeout: seconds for a new connection; 5 by default.
        read_timeout: seconds for each piece of an answer, the first one too; the client's `timeout` by default.
        write_timeout: seconds for each piece of a request; as above.
        pool_timeout: seconds to wait for one of `max_connections`; as above.
        total_timeout: seconds for one attempt of a request from its start to the last piece of the answer, a
            streamed one too; without it only the others count.
        headers: sent with each request. Their values are kept like secrets.
        http2: whether HTTP/2 is spoken with servers that know it.
    """

    max_connections: Annotated[Count, Field(ge=1)] = MAX_CONNECTIONS
    max_keepalive_connections: Count = MAX_KEEPALIVE_CONNECTIONS
    connect_timeout: Seconds | None = None
    read_timeout: Seconds | None = None
    write_timeout: Seconds | None = None
    pool_timeout: Seconds | None = None
    total_timeout: Seconds | None = None
    headers: Headers = Field(default_factory=dict)
    http2: bool = False

    @field_validator("http2")
    @classmethod
    def _installed(cls, http2: bool) -> bool:
        import importlib.util

        if http2 and importlib.util.find_spec("h2") is None:
            raise ValueError("needs the library h2. Type: pip install 'byoclient[http2]'")
        return http2

    def timeouts(self, timeout: float | None = None) -> dict[str, float] | None:
        """Return the seconds of each phase as httpx takes them; None where the SDK's own defaults hold.

        Args:
            timeout: seconds of every phase that has no value of its own.
        """
        given = {
            name: seconds
            for name in ("connect", "read", "write", "pool")
            if (seconds := getattr(self, f"{name}_timeout")) is not None
        }
        if not given:
            return None
        rest = TIMEOUT if timeout is None else timeout
        connect = CONNECT_TIMEOUT if timeout is None else timeout
        return {"connect": connect, "read": rest, "write": rest, "pool": rest, **given}

    def check_certificates(self) -> None:
        """Read the files that the options name, or the environment where it counts; they may have gone since `load()`.

        Raises:
            ConfigError: one cannot be read, or holds no certificates; its `key` is that of these options.
        """
        tls = TlsOptions.of(self)
        if tls.states:
            context_of(tls, http2=self.http2)

    def pool(self, proxy: str | None = None) -> PoolOptions:
        """Return what makes the pool.

        Args:
            proxy: URL of a proxy where the options name none, as the environment may.
        """
        url = self.proxy_url() or proxy
        return PoolOptions(
            TlsOptions.of(self),
            None if url is None else SecretStr(url),
            self.max_connections,
            self.max_keepalive_connections,
            self.http2,
        )


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """What two clients have to have in common to share their connections; equal where they may.

    Attributes:
        tls: certificates.
        proxy: URL of the proxy, with the password that it may hold.
        max_connections: the most at one time.
        max_keepalive_connections: the most without a request.
        http2: whether HTTP/2 may be spoken.
    """

    tls: TlsOptions
    proxy: SecretStr | None
    max_connections: int
    max_keepalive_connections: int
    http2: bool

    def make(self, direct: Callable[..., Any], through_proxy: Callable[..., Any], network: Any) -> Any:
        """Return httpcore's pool of these options.

        Args:
            direct: httpcore's `ConnectionPool` or its async twin.
            through_proxy: its `HTTPProxy` or its async twin.
            network: what opens the connections.
        """
        arguments: dict[str, Any] = {
            "ssl_context": context_of(self.tls, http2=self.http2),
            "max_connections": self.max_connections,
            "max_keepalive_connections": self.max_keepalive_connections,
            "keepalive_expiry": KEEPALIVE_EXPIRY,
            "http2": self.http2,
            "network_backend": network,
        }
        if self.proxy is None:
            return direct(**arguments)
        # A context of its own: httpcore notes in it what is offered, which for a proxy is HTTP/1.1 alone.
        to_proxy = context_of(self.tls, http2=False)
        return through_proxy(**arguments, **_proxy_arguments(self.proxy.get_secret_value(), to_proxy))


def _proxy_arguments(url: str, context: ssl.SSLContext) -> dict[str, Any]:
    from byoclient.transport.compat import httpx

    proxy = httpx.Proxy(url)
    return {
        "proxy_url": str(proxy.url),
        "proxy_auth": proxy.raw_auth,
        "proxy_ssl_context": context if proxy.url.scheme == "https" else None,
    }


def environment_proxy(host: str, port: int) -> str | None:
    """Return the proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name for https to a host; None for none.

    Raises:
        ConfigError: it is no http proxy.
    """
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    url = proxies.get("https") or proxies.get("all")
    if not url or proxy_bypass(f"{host}:{port}"):
        return None
    url = url if "://" in url else f"http://{url}"
    if proxy_origin(url) is None:
        raise ConfigError(f"HTTPS_PROXY or ALL_PROXY {NO_PROXY_URL}, or set NO_PROXY.", key="trust_env")
    return url
