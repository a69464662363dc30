"""`byoclient token`: who a file signs in as, without the token."""

from __future__ import annotations

import time
from datetime import datetime

import click

from byoclient.cli.claims import Claims, claims_of
from byoclient.cli.options import trust_options
from byoclient.errors import ProviderError, shown
from byoclient.identity.base import CredentialConfig
from byoclient.identity.static import NO_END
from byoclient.plan import Plan, plan_file
from byoclient.providers.emulator import EmulatorOptions, azure_options
from byoclient.providers.options import ClientOptions
from byoclient.providers.sign_in import SignIn
from byoclient.trust import Trust

FROM_FILE = " (from the file)"


@click.command(short_help="Show who a file signs in as; never the token.")
@click.argument("file")
@click.option("--llm", metavar="NAME", help="Which LLM of a file that has several.")
@trust_options
def token(file: str, llm: str | None, trust: Trust) -> int:
    """Get a token as FILE says and show whose it is, for what and until when; never the token.

    What it shows stands in the token. Where the token cannot be read it is what the file says, and marked so.
    """
    plan = plan_file(file, llm, trust)
    options = _options(plan)
    where = f"{file}{f' llms.{shown(plan.name)}' if plan.name else ''}"
    for index, endpoint in enumerate(options.endpoints):
        click.echo(f"{where} endpoints[{index}]: {_signs_in(endpoint)}")
    if not options.endpoints:
        click.echo(f"{where}: {_signs_in(options)}")
    return 0


def _options(plan: Plan) -> ClientOptions:
    """Return the options of a side whose way to sign in is known."""
    for side in plan.sides:
        options = side.ready()[1] if side.found.is_built_in else None
        if isinstance(options, EmulatorOptions):
            return azure_options(options)
        if isinstance(options, ClientOptions):
            return options
    side = plan.sides[0]
    message = (
        f"'{side.found.reference}' signs in by itself. byoclient can show the tokens of azure_openai, openai and "
        "emulator."
    )
    raise plan.section.error(message, side.kind.key, kind=ProviderError)


def _signs_in(options: SignIn) -> str:
    provider, config = options.tokens(), options.credential
    if provider is None or config is None:
        return "signs in with an API key. There is no token."
    began = time.perf_counter()
    text = provider()
    took = time.perf_counter() - began
    rows = [*_who(config, claims_of(text)), *_until(claims_of(text).expires_on or provider.source.expires_on)]
    rows.append(("took", f"{took:.2f} s"))
    return "signed in\n" + "\n".join(f"  {name:<10} {value}" for name, value in rows)


def _who(config: CredentialConfig, claims: Claims) -> list[tuple[str, str]]:
    tenant, client = getattr(config, "tenant_id", None), getattr(config, "client_id", None)
    audience = config.token_scope.removesuffix("/.default")
    rows = [
        ("kind", config.kind),
        ("tenant", claims.tenant or _from_file(tenant)),
        ("client id", claims.client or _from_file(client)),
        ("object id", claims.object_id),
        ("user", claims.user),
        ("audience", claims.audience or _from_file(audience)),
    ]
    return [(name, value) for name, value in rows if value]


def _from_file(value: object) -> str:
    return f"{shown(value)}{FROM_FILE}" if isinstance(value, str) else ""


def _until(expires_on: float) -> list[tuple[str, str]]:
    if not 0 < expires_on < NO_END:
        return [("expires", "not known")]
    local = datetime.fromtimestamp(expires_on).astimezone()
    return [("expires", f"{local:%Y-%m-%d %H:%M:%S %z}, in {expires_on - time.time():.0f} s")]
