"""The grammar of a file: one LLM, or several under `llms:`."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from byoclient.config.pydantic_start import BaseModel


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys; errors never show a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class LlmConfig(StrictModel):
    """One LLM of a file.

    Attributes:
        model: the deployment (Azure) or model; adapters pass it on.
        client_provider: reference to the function that returns the `openai.OpenAI`.
        async_client_provider: reference to the function that returns the `openai.AsyncOpenAI`.
        options: the provider's, validated by its own model.
        adapters: settings for each framework's own config, by adapter name.
    """

    model: str
    client_provider: str | None = None
    async_client_provider: str | None = None
    options: dict[str, Any] = {}
    adapters: dict[str, dict[str, Any]] = {}


class FileConfig(StrictModel):
    """A file with several LLMs; the short form is a bare `LlmConfig`."""

    llms: dict[str, LlmConfig]
