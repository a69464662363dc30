"""Langroid with Azure OpenAI and Entra ID; the client comes from a YAML file.

The counterpart of Langroid's own examples/basic/chat-azure-client.py, which builds the client in code.

    pip install 'byoclient[langroid]'
    python examples/langroid_chat.py configs/entra-default.yaml
"""

import sys

import langroid as lr

import byoclient

path = sys.argv[1] if len(sys.argv) > 1 else "configs/entra-default.yaml"
lm_config = byoclient.load(path).plug("langroid")

if __name__ == "__main__":
    agent = lr.ChatAgent(lr.ChatAgentConfig(llm=lm_config))
    task = lr.Task(agent, interactive=False)
    task.run("Who is the president of the United States? Reply and end with DONE")
