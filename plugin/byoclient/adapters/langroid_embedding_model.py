"""Langroid's Azure embedding model around a client that it is given."""

from __future__ import annotations

from collections.abc import Callable

import tiktoken
from langroid.embedding_models.models import AzureOpenAIEmbeddings, AzureOpenAIEmbeddingsConfig
from langroid.parsing.utils import batched
from openai import OpenAI, omit


class ClientEmbeddings(AzureOpenAIEmbeddings):
    """An `AzureOpenAIEmbeddings` that shares a client instead of building one.

    Args:
        config: name, dimensions and limits.
        client: the client that it uses.
        shorten: whether the service is asked for vectors of the config's `dims`.
    """

    def __init__(self, config: AzureOpenAIEmbeddingsConfig, client: OpenAI, *, shorten: bool) -> None:
        # AzureOpenAIEmbeddings.__init__ is left out: it demands a key and an endpoint, and builds a client.
        self.config = config
        self.client = client  # type: ignore[assignment]  # any client of the SDK has embeddings
        self.tokenizer = tiktoken.get_encoding("cl100k_base")  # that of all of OpenAI's embedding models
        self._shorten = shorten

    def truncate_texts(self, texts: list[str]) -> list[str]:
        """Return the texts, cut off after `context_length` tokens.

        Texts, where Langroid sends tokens: those of OpenAI mean nothing to the models of other servers.
        """
        limit = self.config.context_length
        encoded = (self.tokenizer.encode(text, disallowed_special=()) for text in texts)
        return [
            text if len(tokens) <= limit else self.tokenizer.decode(tokens[:limit], errors="ignore")
            for text, tokens in zip(texts, encoded, strict=True)
        ]

    def embedding_fn(self) -> Callable[[list[str]], list[list[float]]]:
        """Return the function that Langroid's vector stores call."""
        return self._embed

    def _embed(self, texts: list[str]) -> list[list[float]]:
        dimensions = self.config.dims if self._shorten else omit
        vectors: list[list[float]] = []
        for batch in batched(self.truncate_texts(texts), self.config.batch_size):
            made = self.client.embeddings.create(input=list(batch), model=self.config.model_name, dimensions=dimensions)
            vectors.extend(item.embedding for item in made.data)
        return vectors

    def clone(self) -> ClientEmbeddings:
        """Return a copy with its own config and the same client."""
        client: OpenAI = self.client
        return ClientEmbeddings(self.config.model_copy(deep=True), client, shorten=self._shorten)

    def __deepcopy__(self, memo: object) -> ClientEmbeddings:
        return self.clone()  # clients hold locks, which cannot be copied
