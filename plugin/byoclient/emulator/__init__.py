"""A loopback server that speaks Azure OpenAI and Entra ID over real HTTP, to test your own programs with.

    with Emulator() as emulator:
        client = openai.AzureOpenAI(
            azure_endpoint=emulator.url, api_key=emulator.api_key, api_version="2024-10-21"
        )
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])

It needs the extra `emulator`: `pip install 'byoclient[emulator]'`. Importing this package does not.
"""

from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.server import Emulator

__all__ = ["Emulator", "RecordedRequest"]
