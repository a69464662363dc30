"""Any bytes → `load()`, coverage-guided: only errors of byoclient come out.

    python fuzz/load.py fuzz/corpus -max_total_time=60

Takes the arguments of libFuzzer; the first folder is where new inputs are written. Needs atheris.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["byoclient"]):
    import byoclient
    from byoclient import clients, plan, plugins
    from byoclient.errors import ByoclientError
    from byoclient.identity import (
        application,
        assertion,
        behalf,
        chain,
        environment,
        federated,
        managed,
        people,
        static,
    )
    from byoclient.providers import azure_openai, emulator, openai

INSTRUMENTED = (clients, application, assertion, behalf, chain, environment, federated, managed, people, static)
PROVIDERS = (azure_openai, emulator, openai)

FOLDER = Path(tempfile.mkdtemp(prefix="byoclient-fuzz-"))
FILE = FOLDER / "llm.yaml"
TRUST = byoclient.Trust(hosts=("llm.contoso.com",), env=("ACME_*",), modules=("acme.llm",))


def load_bytes(data: bytes) -> None:
    """Load bytes as a file; what is no error of ours ends the run as a finding."""
    FILE.write_bytes(data)
    try:
        byoclient.load(FILE, trust=TRUST)
    except ByoclientError as error:
        str(error).encode()  # a message is text that can be written


def main() -> None:
    """Run libFuzzer."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "OPENAI_", "BYOCLIENT_"))]:
        del os.environ[name]
    catalogue = plugins.scan()
    plan.scan = lambda: catalogue  # most of the time of a load, and the same each time
    gc.freeze()  # what was imported stays; walking it again and again would take a third of the time
    FILE.touch(mode=0o600)
    atheris.Setup(sys.argv, load_bytes)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
