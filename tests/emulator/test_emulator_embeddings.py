"""Embeddings through the real SDK."""

from __future__ import annotations

from math import isclose, sqrt
from typing import Any

import pytest
from openai import AzureOpenAI, BadRequestError, OpenAI


@pytest.mark.parametrize(
    ("model", "size"),
    [("text-embedding-3-small", 1536), ("text-embedding-ada-002", 1536), ("text-embedding-3-large", 3072)],
)
def test_vectors_have_the_model_s_length(azure: AzureOpenAI, model: str, size: int) -> None:
    """Each model has its own number of dimensions, and its vectors are unit vectors."""
    done = azure.embeddings.create(model=model, input="hello big world")
    vector = done.data[0].embedding
    assert len(vector) == size
    assert isclose(sqrt(sum(part * part for part in vector)), 1.0, abs_tol=1e-6)
    assert (done.model, done.usage.prompt_tokens) == (model, 3)


def test_base64_and_floats_are_the_same_numbers(v1: OpenAI) -> None:
    """The SDK's default encoding and plain numbers carry the same vector."""
    asked: Any = {"model": "text-embedding-3-small", "input": "x"}
    packed = v1.embeddings.create(**asked).data[0].embedding
    assert packed == pytest.approx(v1.embeddings.create(**asked, encoding_format="float").data[0].embedding)


def test_equal_inputs_have_equal_vectors(v1: OpenAI) -> None:
    """A vector depends on its own input alone; different inputs differ."""
    done = v1.embeddings.create(model="text-embedding-3-small", input=["a", "b", "a"])
    first, second, third = [entry.embedding for entry in done.data]
    assert first == third != second
    assert [entry.index for entry in done.data] == [0, 1, 2]


@pytest.mark.parametrize(("given", "words"), [([1, 2, 3], 3), ([[1, 2], [3]], 3)])
def test_lists_of_tokens_are_inputs(v1: OpenAI, given: Any, words: int) -> None:
    """Tokens are embedded and counted."""
    done = v1.embeddings.create(model="text-embedding-3-small", input=given)
    assert done.usage.total_tokens == words
    assert len(done.data) == (1 if given == [1, 2, 3] else 2)


def test_dimensions_shorten_the_vector(v1: OpenAI) -> None:
    """`dimensions` gives a shorter unit vector that points the same way."""
    short = v1.embeddings.create(model="text-embedding-3-large", input="x", dimensions=64).data[0].embedding
    long = v1.embeddings.create(model="text-embedding-3-large", input="x").data[0].embedding
    assert isclose(sqrt(sum(part * part for part in short)), 1.0, abs_tol=1e-6)
    assert short[0] / long[0] == pytest.approx(short[63] / long[63], rel=1e-3)


@pytest.mark.parametrize(
    ("model", "more", "message"),
    [
        ("text-embedding-ada-002", {"dimensions": 64}, "does not support specifying dimensions"),
        ("text-embedding-3-small", {"dimensions": 1537}, "Must be from 1 to 1536"),
        ("text-embedding-3-small", {"input": []}, r"'\$.input' is invalid"),
        ("text-embedding-3-small", {"input": ["x", 1]}, r"'\$.input' is invalid"),
        ("text-embedding-3-small", {"input": ["x"] * 2049}, "Too many inputs"),
    ],
)
def test_a_wrong_request_is_refused(v1: OpenAI, model: str, more: dict[str, Any], message: str) -> None:
    """What the API does not take is a 400 that says why."""
    with pytest.raises(BadRequestError, match=message):
        v1.embeddings.create(**{"model": model, "input": "x", **more})
