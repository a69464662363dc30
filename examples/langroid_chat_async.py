"""Langroid with Azure OpenAI and Entra ID, async; the clients come from a YAML file.

The counterpart of Langroid's own examples/basic/chat-azure-async-client.py, which builds the clients in code.

    pip install 'byoclient[langroid]'
    python examples/langroid_chat_async.py configs/entra-default.yaml
"""

import asyncio
import sys

import langroid as lr

import byoclient

path = sys.argv[1] if len(sys.argv) > 1 else "configs/entra-default.yaml"
lm_config = byoclient.load(path).plug("langroid")


async def main() -> None:
    agent = lr.ChatAgent(lr.ChatAgentConfig(llm=lm_config))
    task = lr.Task(agent, interactive=False)
    response = await task.run_async("Who is the president of the United States? Reply and end with DONE")
    print(response)


if __name__ == "__main__":
    asyncio.run(main())
