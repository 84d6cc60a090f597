"""How a row of data reads: a class each, by `type`."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from axo_contracts.format_names import FormatName
from axo_contracts.strict import Line, Strict
from axo_contracts.trainer_plugin import KTO_ROWS, PAIRS, PROMPTS


class _Format(Strict):
    is_read_by_plugin: ClassVar[bool] = False

    @property
    def has_usual_names(self) -> bool:
        """Whether its fields are named as they are expected to be when a file is uploaded."""
        return self.field_names() == type(self)().field_names()

    def field_names(self) -> dict[str, str]:
        """Return the names of the row's fields, by the option that says so."""
        return {name: getattr(self, name) for name in type(self).model_fields if name.startswith("field")}


class _Turns(_Format):
    roles_to_train: Annotated[tuple[Line, ...], Field(max_length=64)] = ("assistant",)
    """Whose messages carry loss, where a message does not say it itself."""
    train_on_eos: Literal["all", "turn", "last", "none"] = "turn"
    """Which end-of-sequence tokens carry loss: after trained turns, all, the last one or none."""
    message_field_training: Line | None = "weight"
    """The field of a message that says whether it carries loss, as true or false, or 1 or 0. It goes before
    roles_to_train; a message without it follows them."""

    def _turn_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "type": "chat_template",
            "roles_to_train": list(self.roles_to_train),
            "train_on_eos": self.train_on_eos,
        }
        if self.message_field_training is not None:
            options["message_field_training"] = self.message_field_training
        return options


class ChatTemplateFormat(_Turns):
    """Chat: `{"messages": [{"role": …, "content": …}, …], "tools": […]}`, rendered by the model's chat template.

    `tools` may be left out. A message's `weight` of 0 keeps it from carrying loss.
    """

    type: Literal["chat_template"] = "chat_template"
    field_messages: Line = "messages"
    """The field that holds the list of messages."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows."""
        return {**self._turn_options(), "field_messages": self.field_messages}


class ShareGptFormat(_Turns):
    """Chat as ShareGPT spells it: `{"conversations": [{"from": "human", "value": …}, {"from": "gpt", "value": …}]}`."""

    type: Literal["sharegpt"] = "sharegpt"
    field_messages: Line = "conversations"
    """The field that holds the list of turns."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows."""
        mappings = {"role": "from", "content": "value"}
        return {**self._turn_options(), "field_messages": self.field_messages, "message_property_mappings": mappings}


class AlpacaFormat(_Format):
    """Instructions: `{"instruction": …, "input": …, "output": …}`, in Alpaca's prompt; `input` may be left out."""

    type: Literal["alpaca"] = "alpaca"

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows."""
        return {"type": "alpaca"}


class InputOutputFormat(_Format):
    """Text in segments, without a template: `{"segments": [{"label": true, "text": …}]}`; those labelled carry loss."""

    type: Literal["input_output"] = "input_output"

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows."""
        return {"type": "input_output"}


class CompletionFormat(_Format):
    """Plain text, every token of which carries loss: `{"text": …}`."""

    type: Literal["completion"] = "completion"
    field: Line = "text"
    """The field that holds the text."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows."""
        return {"type": "completion", "field": self.field}


class _Pair(_Format):
    is_read_by_plugin = True

    field_chosen: Line = "chosen"
    """The field that holds the better answer."""
    field_rejected: Line = "rejected"
    """The field that holds the worse answer."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows: through the plugin, which renders them by the model's chat template."""
        return {"type": PAIRS}


class PreferenceFormat(_Pair):
    """Two answers to a chat: `{"messages": […], "chosen": {"role": …, "content": …}, "rejected": {…}}`."""

    type: Literal["preference"] = "preference"
    field_messages: Line = "messages"
    """The field that holds the messages before the answer."""


class PreferenceConversationsFormat(_Pair):
    """Two whole conversations that differ in their last message: `{"chosen": [messages], "rejected": [messages]}`.

    A `system` text may stand beside them.
    """

    type: Literal["preference_conversations"] = "preference_conversations"


class PreferenceTextFormat(_Pair):
    """Two answers as plain text: `{"prompt": …, "chosen": …, "rejected": …}`, rendered as a user's and an assistant's.

    A `system` text may stand beside them.
    """

    type: Literal["preference_text"] = "preference_text"
    field_prompt: Line = "prompt"
    """The field that holds the question."""


class PreferenceOpenAiFormat(_Format):
    """Two answers as OpenAI spells them: `{"input": {"messages": […], "tools": […]}, "preferred_output": [messages],
    "non_preferred_output": [messages]}`, or `preferred_completion` and `non_preferred_completion`.
    """

    is_read_by_plugin = True

    type: Literal["preference_openai"] = "preference_openai"

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows: through the plugin, which renders them by the model's chat template."""
        return {"type": PAIRS}


class KtoFormat(_Format):
    """Single answers, each good or bad: `{"prompt": …, "completion": …, "label": true}`.

    Text is rendered as a user's and an assistant's message; a `system` text may stand beside it.
    """

    is_read_by_plugin = True

    type: Literal["kto"] = "kto"
    field_prompt: Line = "prompt"
    """The field that holds the question."""
    field_completion: Line = "completion"
    """The field that holds the answer."""
    field_label: Line = "label"
    """The field that says whether the answer is a good one."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows: through the plugin, which renders them by the model's chat template."""
        return {"type": KTO_ROWS}


class StepwiseSupervisedFormat(_Format):
    """Solutions in steps, each right or wrong: `{"prompt": …, "completions": [text, …], "labels": [true, …]}`."""

    type: Literal["stepwise_supervised"] = "stepwise_supervised"

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows. It drops every other option of theirs: the steps end with a newline."""
        return {"type": "stepwise_supervised"}


class PromptsFormat(_Format):
    """Questions without answers: `{"prompt": text or [messages], …}`. All other fields go to the rewards."""

    is_read_by_plugin = True

    type: Literal["prompts"] = "prompts"
    field_prompt: Line = "prompt"
    """The field that holds the question, as text or as messages."""

    def axolotl_options(self) -> dict[str, Any]:
        """Return how Axolotl reads such rows: through the plugin."""
        return {"type": PROMPTS}


RowFormat = Annotated[
    ChatTemplateFormat
    | ShareGptFormat
    | AlpacaFormat
    | InputOutputFormat
    | CompletionFormat
    | PreferenceFormat
    | PreferenceConversationsFormat
    | PreferenceTextFormat
    | PreferenceOpenAiFormat
    | KtoFormat
    | StepwiseSupervisedFormat
    | PromptsFormat,
    Field(discriminator="type"),
]

_OF_NAME: TypeAdapter[RowFormat] = TypeAdapter(RowFormat)


def format_of(name: FormatName) -> RowFormat:
    """Return the format called `name`, with its usual field names."""
    return _OF_NAME.validate_python({"type": name})
