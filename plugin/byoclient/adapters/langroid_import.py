"""Importing Langroid, with an error that says what to type when it cannot be."""

from __future__ import annotations

from typing import Any

from byoclient.errors import AdapterError

TOKENIZER_FILE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"


def import_langroid() -> None:
    """Import Langroid.

    Raises:
        AdapterError: it is not installed, or its import fails.
    """
    try:
        import langroid  # noqa: F401  (only whether it can be)
    except ModuleNotFoundError as error:
        if error.name != "langroid":
            raise AdapterError(f"importing Langroid failed: it needs the module '{error.name}'.") from error
        raise AdapterError("Langroid is not installed. Type: pip install 'byoclient[langroid]'") from None
    except OSError as error:
        # langroid.parsing builds a tokenizer at import, and tiktoken downloads its file (langroid 0.69).
        raise AdapterError(
            f"importing Langroid failed with {type(error).__name__}: it downloads a tokenizer file. Where there is no "
            f"internet, set TIKTOKEN_CACHE_DIR to a folder with the file {TOKENIZER_FILE} (the litellm package "
            "has it in its tokenizers folder)."
        ) from error


def defaults(model: Any) -> dict[str, Any]:
    """Return the default of every field of one of Langroid's configs.

    Langroid fills what it is not given from AZURE_OPENAI_* variables; explicit config is what is sent.
    """
    fields = model.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}
