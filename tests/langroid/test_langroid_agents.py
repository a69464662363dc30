"""Langroid's own ways of asking, over the plugged clients."""

from __future__ import annotations

import asyncio

import langroid as lr
import pytest
from langroid.agent.batch import llm_response_batch, run_batch_tasks
from pydantic import BaseModel

from byoclient.emulator import Emulator
from tests.langroid.agents import ANSWER, agent, chats
from tests.langroid.conftest import Load


class Lookup(lr.ToolMessage):
    """A tool that the emulator calls when its name stands in the question."""

    request: str = "lookup"
    purpose: str = "To look up a <city>"
    city: str

    def handle(self) -> str:
        return f"The city has {len(self.city)} letters"


class City(BaseModel):
    """What a structured answer holds."""

    name: str
    inhabitants: int


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_an_agent_answers(stream: bool, load: Load, emulator: Emulator) -> None:
    """llm_response, as a stream (Langroid's default) and whole."""
    asked = agent(load().plug("langroid", stream=stream))

    answer = asked.llm_response("Sync?")

    assert answer is not None
    assert answer.content == f"{ANSWER}Sync?"
    assert chats(emulator)[0].json()["stream"] is stream


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_an_agent_answers_async(stream: bool, load: Load, emulator: Emulator) -> None:
    """llm_response_async, as a stream and whole; it uses the async client."""
    asked = agent(load().plug("langroid", stream=stream))

    answer = asyncio.run(asked.llm_response_async("Async?"))

    assert answer is not None
    assert answer.content == f"{ANSWER}Async?"
    (request,) = chats(emulator)
    assert request.json()["stream"] is stream
    assert request.headers["x-stainless-async"].startswith("async:")


def test_a_conversation_is_sent_as_a_whole(load: Load, emulator: Emulator) -> None:
    """The second question follows the first answer."""
    asked = agent(load().plug("langroid"))

    asked.llm_response("First?")
    asked.llm_response("Second?")

    texts = [message["content"] for message in chats(emulator)[1].json()["messages"] if message["role"] != "system"]
    assert texts == ["First?", f"{ANSWER}First?", "Second?"]


def test_a_task_ends_on_done(load: Load) -> None:
    """Task.run, as in Langroid's example for Azure."""
    task = lr.Task(agent(load().plug("langroid")), interactive=False)

    result = task.run("Reply and end with DONE")

    assert result is not None
    assert result.content.startswith(ANSWER.strip())


def test_a_task_ends_on_done_async(load: Load) -> None:
    """Task.run_async, as in Langroid's async example for Azure."""
    task = lr.Task(agent(load().plug("langroid")), interactive=False)

    result = asyncio.run(task.run_async("Reply and end with DONE"))

    assert result is not None
    assert result.content.startswith(ANSWER.strip())


def test_a_clone_answers(load: Load) -> None:
    """agent.clone() makes an agent of its own, over the same clients."""
    answer = agent(load().plug("langroid")).clone(1).llm_response("Clone?")

    assert answer is not None
    assert answer.content == f"{ANSWER}Clone?"


def test_a_batch_of_questions_is_answered(load: Load, emulator: Emulator) -> None:
    """llm_response_batch runs clones of the agent at the same time, with one token."""
    answers = llm_response_batch(agent(load().plug("langroid", stream=False)), ["One?", "Two?", "Three?"])

    assert [answer.content for answer in answers if answer] == [f"{ANSWER}{n}?" for n in ("One", "Two", "Three")]
    assert emulator.token_requests == 1


def test_a_batch_of_tasks_is_run(load: Load, emulator: Emulator) -> None:
    """run_batch_tasks runs clones of the task at the same time, with one token."""
    task = lr.Task(agent(load().plug("langroid", stream=False)), interactive=False)

    results: list[lr.ChatDocument | None] = run_batch_tasks(task, ["One DONE", "Two DONE"])

    assert [result.content.split()[-1] for result in results if result] == ["One", "Two"]
    assert emulator.token_requests == 1


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_tool_is_called_and_its_result_is_answered(stream: bool, load: Load, emulator: Emulator) -> None:
    """A ToolMessage goes out as a tool of the API, the call comes back, and its result is sent."""
    config = load().plug("langroid", stream=stream)
    asked = agent(config, use_functions_api=True, use_tools=False, use_tools_api=True)
    asked.enable_message(Lookup)

    call = asked.llm_response("Please use lookup")
    (tool,) = asked.get_tool_messages(call)
    result = asked.agent_response(call)
    answer = asked.llm_response(result)

    assert isinstance(tool, Lookup)
    assert answer is not None
    assert "this tool result: The city has" in answer.content
    assert chats(emulator)[0].json()["tools"][0]["function"]["name"] == "lookup"
    assert chats(emulator)[1].json()["messages"][-1]["role"] == "tool"


def test_a_structured_answer_is_asked_for_by_its_schema(load: Load, emulator: Emulator) -> None:
    """With supports_json_schema, Langroid sends the schema as response format."""
    config = load("adapters: {langroid: {supports_json_schema: true}}").plug("langroid")
    asked = agent(config, output_format=City, use_tools_on_output_format=False)

    answer = asked.llm_response("Which city?")

    assert answer is not None
    assert City.model_validate_json(answer.content)
    schema = chats(emulator)[0].json()["response_format"]["json_schema"]
    assert set(schema["schema"]["properties"]) == {"name", "inhabitants"}


def test_without_that_setting_no_schema_is_sent(load: Load, emulator: Emulator) -> None:
    """Langroid's default: older deployments refuse a schema."""
    agent(load().plug("langroid"), output_format=City).llm_response("Which city?")

    assert "response_format" not in chats(emulator)[0].json()
