"""Other versions of Python and of openai, clusters, and fuzzing. `nox` runs all but mutation testing."""

import subprocess
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = True

# What the SDK takes part in; 2.54 is the oldest that is supported, 3.3.1 the last that some frameworks take.
SDK_TESTS = (
    "tests/test_azure_openai.py",
    "tests/test_clients.py",
    "tests/test_travel.py",
    "tests/test_reloading.py",
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
        ".[emulator,http2,keyring]",
        "pytest",
        "pytest-xdist",
        "hypothesis",
        "hypercorn",
        "aiohttp",
        "trio",
        f"openai=={openai}",
    )
    session.run("python", "-m", "pytest", "-n", "2", *SDK_TESTS, *session.posargs)


@nox.session(python="3.12")
def fuzz(session: nox.Session) -> None:
    """A minute of bytes → `load()`; `nox -s fuzz -- -max_total_time=3600` for longer. Only our errors come out."""
    session.install("-q", "-e", ".", "atheris")
    found = Path(session.create_tmp(), "found")
    found.mkdir(exist_ok=True)
    options = session.posargs or ["-max_total_time=60"]
    session.run("python", "fuzz/load.py", str(found), "fuzz/corpus", "-dict=fuzz/yaml.dict", "-verbosity=0", *options)


MUTATED = {
    "resolver": (
        ["references.py", "resolve.py", "importing.py"],
        ["test_importing.py", "test_resolving.py", "test_resolving_edges.py", "test_bypasses.py"],
    ),
    "reader": (["config/reading.py", "config/files.py"], ["test_reading.py"]),
}
CONFIG = """\
[cosmic-ray]
module-path = {modules}
timeout = 90.0
excluded-modules = []
test-command = "python -m pytest -x -q -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


@nox.session(python="3.11", default=False)
@nox.parametrize("part", list(MUTATED))
def mutation(session: nox.Session, part: str) -> None:
    """How many faults that are put into the code the tests find; on a copy of the last commit. Takes an hour."""
    copy = Path(session.create_tmp(), part)
    subprocess.run(["rm", "-rf", str(copy)], check=True)
    subprocess.run(["git", "clone", "-q", ".", str(copy)], check=True)
    session.chdir(copy)
    session.install("-q", "-e", ".[dev]", "cosmic-ray")
    modules, tests = MUTATED[part]
    config = CONFIG.format(
        modules=[f"plugin/byoclient/{module}" for module in modules], tests=" ".join(f"tests/{test}" for test in tests)
    )
    Path("mutation.toml").write_text(config)
    session.run("cosmic-ray", "init", "mutation.toml", "mutation.sqlite")
    session.run("cr-filter-operators", "mutation.sqlite", "mutation.toml")  # `|` stands in annotations alone
    session.run("cosmic-ray", "exec", "mutation.toml", "mutation.sqlite")
    session.run("cr-report", "--surviving-only", "--show-diff", "mutation.sqlite")
    session.run("cr-rate", "--fail-over", "10", "mutation.sqlite")


@nox.session(python="3.11")
def clusters(session: nox.Session) -> None:
    """Clients in the workers of real local clusters: of Ray, of Dask and, where there is Java, of Spark."""
    session.install("-q", "-e", ".[emulator]", "pytest", "ray", "distributed", "pyspark")
    session.run("python", "-m", "pytest", "-m", "clusters", "tests/clusters", *session.posargs)
