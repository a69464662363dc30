"""`Emulator`: its sockets, its certificate and its thread, from `start()` to `close()`."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from byoclient.emulator import settings as defaults
from byoclient.emulator.controls import Controls
from byoclient.emulator.jwts import check_certificate
from byoclient.emulator.settings import Settings
from byoclient.emulator.sockets import LOOPBACK, listener
from byoclient.errors import EmulatorError

NEEDED = ("starlette", "uvicorn", "trustme", "jsonschema")


class Emulator(Controls):
    """Azure OpenAI and Entra ID on 127.0.0.1, for tests of programs that call them.

    The defaults of keys and ids are well-known demo values, not secrets. A deployment whose name contains
    `embedding` makes embeddings (3072 dimensions with `large` in its name, else 1536); every other one chats.
    `os.environ` is never touched.

    Args:
        api_key: the key that the OpenAI part accepts.
        deployments: the names of the deployments (on `/openai/v1`, of the models).
        tenant_id: the one tenant of the Entra part.
        client_id: the one application of that tenant, and the one user-assigned managed identity.
        client_secret: that application's secret.
        client_certificate: that application's certificate as PEM text, without the key: its signatures are then
            checked. Without it, any well-formed client assertion of the application is accepted.
        federated_token: the text that workload identity must present as its client assertion.
        identity_header: the `X-IDENTITY-HEADER` of the App Service identity endpoint.
        token_lifetime: how long issued tokens live, in seconds.
        port: the http port; 0 takes a free one.
        tls_port: the https port; 0 takes a free one.
        clock: returns the time in seconds since 1970; tokens expire by it.
    """

    def __init__(
        self,
        *,
        api_key: str = defaults.API_KEY,
        deployments: Sequence[str] = defaults.DEPLOYMENTS,
        tenant_id: str = defaults.TENANT_ID,
        client_id: str = defaults.CLIENT_ID,
        client_secret: str = defaults.CLIENT_SECRET,
        client_certificate: str | bytes | None = None,
        federated_token: str = defaults.FEDERATED_TOKEN,
        identity_header: str = defaults.IDENTITY_HEADER,
        token_lifetime: float = 3600.0,
        port: int = 0,
        tls_port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        settings = Settings(
            api_key=api_key,
            deployments=tuple(deployments),
            tenant_id=tenant_id,
            client_id=client_id,
            client_secret=client_secret,
            federated_token=federated_token,
            identity_header=identity_header,
            token_lifetime=token_lifetime,
            clock=clock,
            client_certificate=_certificate(client_certificate),
        )
        super().__init__(settings)
        self._wanted = (port, tls_port)
        self._running = ExitStack()
        self._ports: tuple[int, int] | None = None
        self._ca_file = ""

    def start(self) -> None:
        """Start serving; the sockets listen when this returns.

        Raises:
            EmulatorError: a port is taken, the extra is not installed, or it runs already.
        """
        if self._ports is not None:
            raise EmulatorError("The emulator runs already. Call close() first.")
        check_installed()
        with ExitStack() as stack:
            self._open(stack)
            self._running = stack.pop_all()

    def _open(self, stack: ExitStack) -> None:
        from byoclient.emulator.app import build
        from byoclient.emulator.certificates import make_certificates
        from byoclient.emulator.serving import ServingThread

        plain = stack.enter_context(listener("port", self._wanted[0]))
        secure = stack.enter_context(listener("tls_port", self._wanted[1]))
        folder = stack.enter_context(TemporaryDirectory(prefix="byoclient-emulator-"))
        files = make_certificates(Path(folder))
        app = build(self._settings, self._tokens, self._record, self._faults, self._answer_faults)
        stack.callback(ServingThread(app, self._connections, plain, secure, str(files.server)).close)
        self._ca_file = str(files.authority)
        self._ports = (plain.getsockname()[1], secure.getsockname()[1])

    def close(self) -> None:
        """Stop serving, cut open connections, delete the certificate; a second call does nothing."""
        self._ports = None
        self._running.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`: an `azure_endpoint`, and the managed identity endpoints."""
        return f"http://{LOOPBACK}:{self._running_ports()[0]}"

    @property
    def tls_url(self) -> str:
        """`https://localhost:PORT`: the Entra authority, and an https `azure_endpoint`."""
        return f"https://localhost:{self._running_ports()[1]}"

    @property
    def ca_file(self) -> str:
        """The PEM file of the certificate authority that clients of `tls_url` must trust; gone after `close()`."""
        self._running_ports()
        return self._ca_file

    @property
    def api_key(self) -> str:
        """The key that the OpenAI part accepts."""
        return self._settings.api_key

    @property
    def deployments(self) -> tuple[str, ...]:
        """The names of the deployments."""
        return self._settings.deployments

    @property
    def tenant_id(self) -> str:
        """The tenant of the Entra part."""
        return self._settings.tenant_id

    @property
    def client_id(self) -> str:
        """The application, and the user-assigned managed identity."""
        return self._settings.client_id

    @property
    def client_secret(self) -> str:
        """The application's secret."""
        return self._settings.client_secret

    @property
    def federated_token(self) -> str:
        """The text that belongs into `AZURE_FEDERATED_TOKEN_FILE`."""
        return self._settings.federated_token

    @property
    def identity_environment(self) -> dict[str, str]:
        """The variables that make a program under test find managed identity as in App Service."""
        return {
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": self._settings.identity_header,
        }

    @property
    def imds_environment(self) -> dict[str, str]:
        """The variable that makes a program under test find managed identity as in a virtual machine."""
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url}

    def __repr__(self) -> str:
        return f"Emulator({self.url!r})" if self._ports else "Emulator(not running)"

    def _running_ports(self) -> tuple[int, int]:
        if self._ports is None:
            raise EmulatorError("The emulator is not running. Call start(), or use it in a with statement.")
        return self._ports


def check_installed() -> None:
    """Raise EmulatorError if a distribution of the extra is missing."""
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            raise EmulatorError(f"The emulator needs {name}. Type: pip install 'byoclient[emulator]'")


def _certificate(pem: str | bytes | None) -> bytes | None:
    if pem is None:
        return None
    found = pem.encode() if isinstance(pem, str) else pem
    check_certificate(found)
    return found
