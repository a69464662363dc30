"""Other versions of Python and of openai than the one at hand. `nox` runs all of them."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True

# What the SDK takes part in; 2.54 is the oldest that is supported, 3.3.1 the last that some frameworks take.
SDK_TESTS = (
    "tests/test_azure_openai.py",
    "tests/test_clients.py",
    "tests/test_configs.py",
    "tests/test_hosts.py",
    "tests/test_endpoints.py",
    "tests/test_refused_tokens.py",
    "tests/test_identity.py",
    "tests/test_credentials.py",
    "tests/test_secret_sources.py",
    "tests/test_cli.py",
    "tests/transport",
    "tests/emulator",
)


@nox.session(python=["3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """The default suite."""
    session.install("-q", "-e", ".[dev]")
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session(python="3.11")
@nox.parametrize("openai", ["2.54.0", "3.3.1"])
def sdk(session: nox.Session, openai: str) -> None:
    """What the SDK takes part in, on an older one."""
    session.install(
        "-q",
        "-e",
        ".[emulator,keyring]",
        "pytest",
        "pytest-xdist",
        "hypothesis",
        "aiohttp",
        "trio",
        f"openai=={openai}",
    )
    session.run("python", "-m", "pytest", "-n", "2", *SDK_TESTS, *session.posargs)
