"""The names of the formats that a row of data may have. A file's report and a method's `formats` use the same."""

from typing import Literal

FormatName = Literal[
    "chat_template",
    "sharegpt",
    "alpaca",
    "input_output",
    "completion",
    "preference",
    "preference_conversations",
    "preference_text",
    "preference_openai",
    "kto",
    "stepwise_supervised",
    "prompts",
]
