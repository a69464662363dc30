"""Reading a request body of either API into an `Ask`; what breaks the API's rules becomes its 400."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from byoclient.emulator.answers import Ask, Format, Tool, count
from byoclient.emulator.azure_errors import bad_request
from byoclient.emulator.replies import JsonObject

NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}, "additionalProperties": False}
TOOL_ROLES = ("tool", "function")


def chat_ask(body: JsonObject, deployment: str) -> Ask:
    """Read the body of a chat completion."""
    messages = objects(body, "messages")
    tools = chat_tools(body)
    choice = body.get("tool_choice", body.get("function_call", "auto"))
    return Ask(
        deployment=deployment,
        user=last_user(messages),
        results=results(messages, lambda m: m.get("role") in TOOL_ROLES, "content"),
        tools=() if choice == "none" else tools,
        forced=forced(choice, tools),
        format=wanted_format(body.get("response_format"), nested=True),
        words=sum(count(text_of(message.get("content"))) for message in messages),
    )


def responses_ask(body: JsonObject, deployment: str) -> Ask:
    """Read the body of a response; a text input is one user message."""
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else objects(body, "input")
    tools = tuple(tool(entry) for entry in optional_objects(body, "tools") if entry.get("type") == "function")
    choice = body.get("tool_choice", "auto")
    return Ask(
        deployment=deployment,
        user=last_user(items),
        results=results(items, lambda item: item.get("type") == "function_call_output", "output"),
        tools=() if choice == "none" else tools,
        forced=forced(choice, tools),
        format=wanted_format(section(body, "text").get("format"), nested=False),
        words=sum(count(text_of(item.get("content") or item.get("output"))) for item in items),
    )


def objects(body: JsonObject, name: str) -> list[JsonObject]:
    """Return a field that must be a list of one or more objects."""
    if name not in body:
        raise bad_request(f"Missing required parameter: '{name}'.", name)
    found = body[name]
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise bad_request(f"Invalid type for '{name}': expected an array of objects.", name)
    if not found:
        raise bad_request(f"Invalid '{name}': empty array. Expected an array with minimum length 1.", name)
    return found


def optional_objects(body: JsonObject, name: str) -> list[JsonObject]:
    """Return a field that may be absent, null or empty."""
    return objects(body, name) if body.get(name) else []


def section(body: JsonObject, name: str) -> JsonObject:
    """Return a field that must be an object and may be absent or null."""
    found = body.get(name)
    if not isinstance(found, dict | None):
        raise bad_request(f"Invalid type for '{name}': expected an object.", name)
    return found or {}


def chat_tools(body: JsonObject) -> tuple[Tool, ...]:
    """Return the `tools`, or the older `functions`, of a chat completion."""
    entries = [entry.get("function") for entry in optional_objects(body, "tools") if entry.get("type") == "function"]
    return tuple(tool(entry) for entry in entries or optional_objects(body, "functions"))


def tool(entry: Any) -> Tool:
    """Read one function."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise bad_request("Missing required parameter: 'tools[0].function.name'.", "tools")
    return Tool(entry["name"], entry.get("parameters") or NO_ARGUMENTS)


def forced(choice: Any, tools: Sequence[Tool]) -> str | None:
    """Return the tool that a `tool_choice` forces: the named one, or the first where any is `required`."""
    if choice in (None, "auto", "none"):
        return None
    if not tools:
        raise bad_request("Invalid value for 'tool_choice': only allowed when 'tools' are specified.", "tool_choice")
    name = tools[0].name if choice == "required" else named(choice)
    if name not in [tool.name for tool in tools]:
        raise bad_request(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
    return name


def named(choice: Any) -> str:
    """Return the name in a `tool_choice` object of either API, or in a `function_call`."""
    function = choice.get("function", choice) if isinstance(choice, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise bad_request("Invalid value for 'tool_choice'.", "tool_choice")
    return str(function["name"])


def wanted_format(given: Any, *, nested: bool) -> Format | None:
    """Return the form of the answer; chat completions nest the schema one level deeper than responses."""
    kind = given.get("type", "text") if isinstance(given, dict) else "text"
    if kind == "text":
        return None
    if kind == "json_object":
        return Format("json_object", True)
    inner = given.get("json_schema") if nested else given
    if kind != "json_schema" or not isinstance(inner, dict) or not isinstance(inner.get("schema"), dict):
        raise bad_request("Missing required parameter: 'response_format.json_schema.schema'.", "response_format")
    return Format(str(inner.get("name")), inner["schema"])


def last_user(messages: Iterable[JsonObject]) -> str | None:
    """Return the text of the last user message."""
    texts = [text_of(message.get("content")) for message in messages if message.get("role") == "user"]
    return texts[-1] if texts else None


def results(messages: Sequence[JsonObject], is_result: Any, field: str) -> tuple[str, ...]:
    """Return the texts of the tool results at the end, in their order."""
    at_the_end = list(takewhile(is_result, reversed(messages)))
    return tuple(text_of(message.get(field)) for message in reversed(at_the_end))


def text_of(content: Any) -> str:
    """Return the text of a content: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)
