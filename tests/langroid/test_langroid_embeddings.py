"""`plug("langroid.embeddings")`: an embedding model for Langroid's vector stores."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langroid.embedding_models.models import AzureOpenAIEmbeddings, AzureOpenAIEmbeddingsConfig
from langroid.mytypes import DocMetaData, Document
from langroid.vector_store.base import VectorStore
from langroid.vector_store.qdrantdb import QdrantDB, QdrantDBConfig
from qdrant_client.http.models import Distance, VectorParams

from byoclient.adapters.langroid_embedding_model import ClientEmbeddings
from byoclient.emulator import Emulator
from byoclient.errors import AdapterError, ConfigError
from tests.langroid.conftest import Load
from tests.langroid.test_langroid_environment import ENVIRONMENT

SMALL = "adapters: {langroid.embeddings: {model_name: text-embedding-3-small}}"


def _with(settings: str) -> str:
    return f"adapters: {{langroid.embeddings: {{{settings}}}}}"


def _inputs(emulator: Emulator) -> list[Any]:
    return [request.json()["input"] for request in emulator.requests if request.path.endswith("/embeddings")]


def test_texts_become_vectors(load: Load, emulator: Emulator) -> None:
    """One vector for each text, of the model's length, and the same one for the same text."""
    model = load(SMALL).plug("langroid.embeddings")

    vectors = model.embedding_fn()(["red", "blue", "red"])

    assert [len(vector) for vector in vectors] == [1536, 1536, 1536] == [model.embedding_dims] * 3
    assert vectors[0] == vectors[2] != vectors[1]
    assert emulator.requests[-1].path == "/openai/deployments/text-embedding-3-small/embeddings"


def test_the_service_gets_texts(load: Load, emulator: Emulator) -> None:
    """Langroid sends tokens of OpenAI's tokenizer, which other models would misread."""
    load(SMALL).plug("langroid.embeddings").embedding_fn()(["red <|endoftext|>"])

    assert _inputs(emulator) == [["red <|endoftext|>"]]


def test_many_texts_go_out_in_batches(load: Load, emulator: Emulator) -> None:
    """batch_size is the number of texts in one request."""
    model = load(_with("model_name: text-embedding-3-small, batch_size: 2")).plug("langroid.embeddings")

    assert len(model.embedding_fn()(["a", "b", "c"])) == 3

    assert _inputs(emulator) == [["a", "b"], ["c"]]


def test_a_long_text_is_cut_off(load: Load, emulator: Emulator) -> None:
    """context_length counts tokens; a character that is cut in two is left out."""
    model = load(_with("model_name: text-embedding-3-small, context_length: 3")).plug("langroid.embeddings")

    model.embedding_fn()(["one two three four five", "one two", "🦜🦜🦜🦜"])

    assert _inputs(emulator) == [["one two three", "one two", "🦜"]]


def test_shorter_vectors_are_asked_for(load: Load, emulator: Emulator) -> None:
    """dims is what Langroid is told, and what the service is asked for."""
    model = load(_with("model_name: text-embedding-3-large, dims: 64")).plug("langroid.embeddings")

    (vector,) = model.embedding_fn()(["red"])

    assert (len(vector), model.embedding_dims) == (64, 64)


def test_models_that_cannot_shorten_are_not_asked_to(load: Load, emulator: Emulator) -> None:
    """For them dims only tells Langroid the length, as it must for a model that is not OpenAI's."""
    model = load(_with("model_name: text-embedding-ada-002, dims: 1536")).plug("langroid.embeddings")

    (vector,) = model.embedding_fn()(["red"])

    assert len(vector) == 1536
    assert "dimensions" not in emulator.requests[-1].json()


def test_the_model_behind_a_deployment_decides_on_the_length(load: Load) -> None:
    """A deployment's name does not tell how long its vectors are."""
    model = load(_with("model_name: ours, model_name_orig: text-embedding-3-large")).plug("langroid.embeddings")

    assert (model.config.model_name, model.embedding_dims) == ("ours", 3072)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: model.clone()], ids=["deepcopy", "clone"])
def test_a_copy_shares_the_client(copied: Callable[[Any], Any], load: Load) -> None:
    """Langroid's own clone would build a client; here the copy has only a config of its own."""
    clients = load(SMALL)
    model = clients.plug("langroid.embeddings")

    twin = copied(model)

    assert twin.client is model.client is clients.client()
    assert twin.config is not model.config
    assert twin.embedding_fn()(["red"]) == model.embedding_fn()(["red"])


def test_similar_texts_are_measured(load: Load) -> None:
    """Langroid's similarity works: a text is like itself, and less like another."""
    model = load(SMALL).plug("langroid.embeddings")

    assert model.similarity("red", "red") == pytest.approx(1)
    assert model.similarity("red", "blue") < 0.5


@pytest.fixture
def store(load: Load) -> Iterator[QdrantDB]:
    """Langroid's Qdrant store, in memory, around the embedding model."""
    model = load(SMALL).plug("langroid.embeddings")
    config = QdrantDBConfig(collection_name=None, cloud=False, storage_path=":memory:", embedding_model=model)
    with QdrantDB(config) as store:
        yield store


def test_a_vector_store_embeds_its_documents(store: QdrantDB, emulator: Emulator) -> None:
    """VectorStoreConfig takes the model as embedding_model; what the store kept is found by its vector."""
    # Made and searched with the client: Langroid 0.69 uses names for both that qdrant-client 1.20 no longer has.
    vectors = VectorParams(size=store.embedding_dim, distance=Distance.COSINE)
    store.client.create_collection("colours", vectors_config={"": vectors})
    store.config.collection_name = "colours"
    store.add_documents(
        [Document(content=text, metadata=DocMetaData(source=text)) for text in ("red", "green", "blue")]
    )

    (query,) = store.embedding_fn(["green"])
    (found,) = store.client.query_points("colours", query=query, limit=1).points

    assert found.payload is not None
    assert (found.payload["content"], round(found.score, 3)) == ("green", 1.0)
    assert emulator.token_requests == 1


def test_the_clone_of_a_vector_store_shares_the_client(store: QdrantDB) -> None:
    """Cloned agents get cloned stores; each embeds over the same connections."""
    twin = VectorStore.clone(store)
    assert isinstance(twin, QdrantDB)
    with twin:
        assert twin is not store
        assert twin.embedding_model is not store.embedding_model
        assert isinstance(twin.embedding_model, ClientEmbeddings)
        assert isinstance(store.embedding_model, ClientEmbeddings)
        assert twin.embedding_model.client is store.embedding_model.client


def test_langroids_own_embeddings_demand_a_key(load: Load) -> None:
    """The reason for a class of our own: Langroid's takes no client and never reads its token provider."""
    config = AzureOpenAIEmbeddingsConfig(azure_ad_token_provider=lambda: "token")

    with pytest.raises(ValueError, match="AZURE_OPENAI_API_KEY env variable must be set"):
        AzureOpenAIEmbeddings(config)


def test_variables_do_not_change_an_embedding_request(
    load: Load, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without them the same bytes arrive."""
    load(SMALL).plug("langroid.embeddings").embedding_fn()(["red"])
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    model = load(SMALL).plug("langroid.embeddings")
    model.embedding_fn()(["red"])

    assert "leak" not in repr(model.config)
    first, second = (request for request in emulator.requests if request.path.endswith("/embeddings"))
    assert (first.path, first.query, first.body) == (second.path, second.query, second.body)


def test_a_wrong_setting_suggests_the_right_one(load: Load) -> None:
    """In the file it is the file's error, in the call the call's."""
    with pytest.raises(ConfigError, match=r"langroid.embeddings.dim: unknown .* Did you mean 'dims'"):
        load(_with("dim: 3")).plug("langroid.embeddings")
    with pytest.raises(AdapterError, match=r"model: unknown .* Did you mean 'model_name'"):
        load().plug("langroid.embeddings", model="text-embedding-3-small")


def test_a_file_without_a_client_provider_cannot_embed(load: Load) -> None:
    """Langroid's vector stores are sync."""
    with pytest.raises(ConfigError, match="names no client_provider"):
        load(SMALL, side="async").plug("langroid.embeddings")
