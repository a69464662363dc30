"""`langroid.embeddings`: the sync client as a Langroid embedding model, for `VectorStoreConfig(embedding_model=…)`.

Langroid's own `AzureOpenAIEmbeddings` (0.69, `embedding_models/models.py`) takes no client, demands a key and
never reads its token provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from byoclient.adapters.langroid import PLACEHOLDER_KEY
from byoclient.adapters.langroid_import import defaults, import_langroid
from byoclient.config import StrictModel
from byoclient.config.fields import Text

if TYPE_CHECKING:
    from langroid.embedding_models.models import AzureOpenAIEmbeddings

    from byoclient.clients import Clients

DIMENSIONS = {"text-embedding-3-large": 3072}
SHORTENED = "text-embedding-3"  # the models that make vectors of the length that they are asked for


class LangroidEmbeddingsSettings(StrictModel):
    """Settings of the adapter.

    Attributes:
        model_name: the deployment or model; by default the `model` of the file.
        model_name_orig: the model behind a deployment of another name: it decides on the dimensions.
        dims: length of the vectors; by default that of the model, 1536 where it is not known. Models
            `text-embedding-3…` are asked for it.
        context_length: tokens after which a text is cut off.
        batch_size: texts in one request.
    """

    model_name: Text | None = None
    model_name_orig: Text | None = None
    dims: int | None = Field(None, gt=0)
    context_length: int = Field(8191, gt=0)
    batch_size: int = Field(512, gt=0, le=2048)


def embedding_model(clients: Clients, settings: LangroidEmbeddingsSettings) -> AzureOpenAIEmbeddings:
    """Return an embedding model that uses the sync client; its clones use the same one.

    Raises:
        AdapterError: Langroid is not installed or cannot be imported.
        ConfigError: the file names no client provider.
    """
    import_langroid()
    from langroid.embedding_models.models import AzureOpenAIEmbeddingsConfig

    from byoclient.adapters.langroid_embedding_model import ClientEmbeddings

    name = settings.model_name or clients.model
    original = settings.model_name_orig or name
    fields = {
        "model_name": name,
        "dims": settings.dims or DIMENSIONS.get(original, 1536),
        "context_length": settings.context_length,
        "batch_size": settings.batch_size,
        "api_key": PLACEHOLDER_KEY,
    }
    config = AzureOpenAIEmbeddingsConfig(**defaults(AzureOpenAIEmbeddingsConfig) | fields)
    shorten = settings.dims is not None and original.startswith(SHORTENED)
    return ClientEmbeddings(config, clients.client(), shorten=shorten)
