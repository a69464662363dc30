"""The grammar of one LLM of a file."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from byoclient.config.fields import Text
from byoclient.config.pydantic_start import BaseModel


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys; errors never show a value."""

    # Built when first used: of the many credential kinds a program uses one, through the options that hold it.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class LenientModel(StrictModel):
    """A strict model for which a key with nothing under it is a key that is not there."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        # `options:` with all of its lines commented out. Where null is a value of its own, the default is None.
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or not cls._has_default(key)}

    @classmethod
    def _has_default(cls, key: str) -> bool:
        field = cls.model_fields.get(key)
        return field is not None and not field.is_required() and (field.default_factory or field.default) is not None


class LlmConfig(LenientModel):
    """One LLM of a file.

    Attributes:
        model: the deployment (Azure) or model; adapters pass it on.
        client_provider: reference to the function that returns the `openai.OpenAI`.
        async_client_provider: reference to the function that returns the `openai.AsyncOpenAI`.
        options: the provider's, validated by its own model.
        adapters: settings for each framework's own config, by adapter name.
    """

    model: Text
    client_provider: str | None = None
    async_client_provider: str | None = None
    options: dict[str, Any] = Field({}, repr=False)
    adapters: dict[str, dict[str, Any] | None] = Field({}, repr=False)
