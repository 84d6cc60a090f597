"""How a row of each format reads. A new format is a struct here, a line in `DECODERS` and one in `detect`."""

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta, Raw

from axo_contracts.format_names import FormatName

ANSWERING = frozenset({"assistant", "gpt", "model"})

T = TypeVar("T")
_Some = Annotated[list[T], Meta(min_length=1)]
_Name = Annotated[str, Meta(min_length=1)]
_Objects = list[dict[str, Raw]]


class Turn(NamedTuple):
    """One text of a row. Those without a role are no turns of a conversation."""

    role: str
    characters: int
    is_answer: bool
    carries_loss: bool


class Row(Protocol):
    """What every format has."""

    def turns(self) -> Iterable[Turn]:
        """Return the texts, in their order."""


class _Flagged(msgspec.Struct, gc=False, kw_only=True):
    weight: float | None = None
    train: bool | None = None
    training: bool | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether a flag or a weight takes its loss away."""
        return self.weight == 0 or self.train is False or self.training is False


class Part(msgspec.Struct, gc=False):
    """A piece of a message: a text, an image, a sound."""

    type: _Name
    text: str | None = None


class _Spoken(_Flagged, gc=False):
    role: _Name

    @property
    def carries_loss(self) -> bool:
        """Whether it is trained on, by the roles that are trained on when nothing else is said."""
        return self.role in ANSWERING and not self.is_left_out


class Message(_Spoken, gc=False):
    """A turn of a conversation."""

    content: str | list[Part] | None = None
    tool_calls: _Objects | None = None

    def __post_init__(self) -> None:
        if self.content is None and not self.tool_calls:
            raise ValueError("a message needs `content` (or `tool_calls`)")

    @property
    def characters(self) -> int:
        """How long its text is."""
        if isinstance(self.content, str):
            return len(self.content)
        return sum(len(part.text) for part in self.content or () if part.text)

    @property
    def is_empty_answer(self) -> bool:
        """Whether it answers with nothing, not even a call."""
        return self.role in ANSWERING and not self.content and not self.tool_calls

    def turn(self) -> Turn:
        """Return it as a turn. A call counts as a character, so that it is no empty answer."""
        called = 1 if self.tool_calls else 0
        return Turn(self.role, self.characters or called, self.role in ANSWERING, self.carries_loss)


class Chat(msgspec.Struct, gc=False, kw_only=True):
    """`{"messages": […], "tools": […]}`."""

    messages: _Some[Message]
    tools: _Objects | str | None = None
    chosen: Any = None
    rejected: Any = None

    def __post_init__(self) -> None:
        if self.chosen is not None or self.rejected is not None:
            raise ValueError("It has only one of `chosen` and `rejected`; a preference row has both")

    def turns(self) -> Iterable[Turn]:
        return [message.turn() for message in self.messages]


class _PlainMessage(_Spoken, gc=False):
    content: _Name


class PlainChat(msgspec.Struct, gc=False, kw_only=True):
    """A chat of texts only, as most are: it decodes without a line of Python. What it refuses may still be a `Chat`."""

    messages: _Some[_PlainMessage]
    tools: _Objects | str | None = None
    chosen: None = None
    rejected: None = None


class _Said(_Flagged, gc=False, rename={"role": "from"}):
    role: _Name
    value: str


class ShareGpt(msgspec.Struct, gc=False):
    """`{"conversations": [{"from", "value"}]}`."""

    conversations: _Some[_Said]

    def turns(self) -> Iterable[Turn]:
        return [
            Turn(said.role, len(said.value), said.role in ANSWERING, said.role in ANSWERING and not said.is_left_out)
            for said in self.conversations
        ]


class Alpaca(msgspec.Struct, gc=False):
    """`{"instruction", "input", "output"}`."""

    instruction: str
    output: str
    input: str | None = None

    def turns(self) -> Iterable[Turn]:
        return [_asked(self.instruction), _asked(self.input or ""), _answer(self.output)]


class _Segment(msgspec.Struct, gc=False):
    label: bool
    text: str


class InputOutput(msgspec.Struct, gc=False):
    """`{"segments": [{"label", "text"}]}`: those with a true label carry loss."""

    segments: _Some[_Segment]

    def turns(self) -> Iterable[Turn]:
        return [Turn("", len(segment.text), segment.label, segment.label) for segment in self.segments]


class Completion(msgspec.Struct, gc=False):
    """`{"text"}`."""

    text: str

    def turns(self) -> Iterable[Turn]:
        return [_answer(self.text)]


class Preference(msgspec.Struct, gc=False):
    """`{"messages": […], "chosen": {…}, "rejected": {…}}`: a conversation and two answers."""

    messages: _Some[Message]
    chosen: Message
    rejected: Message

    def turns(self) -> Iterable[Turn]:
        asked = [message.turn()._replace(is_answer=False) for message in self.messages]
        return [*asked, self.chosen.turn(), self.rejected.turn()._replace(role="")]


class PreferenceConversations(msgspec.Struct, gc=False):
    """`{"chosen": […], "rejected": […]}`: two whole conversations."""

    chosen: _Some[Message]
    rejected: _Some[Message]
    system: str | None = None
    prompt: str | None = None

    def turns(self) -> Iterable[Turn]:
        rejected = (message.turn()._replace(role="") for message in self.rejected)
        return [_asked(self.system or ""), _asked(self.prompt or ""), *(m.turn() for m in self.chosen), *rejected]


class PreferenceText(msgspec.Struct, gc=False):
    """`{"prompt", "chosen", "rejected"}`, all texts."""

    prompt: str
    chosen: str
    rejected: str
    system: str | None = None

    def turns(self) -> Iterable[Turn]:
        return [_asked(self.system or ""), _asked(self.prompt), _answer(self.chosen), _answer(self.rejected)]


class _Input(msgspec.Struct, gc=False):
    messages: _Some[Message]
    tools: _Objects | str | None = None


class PreferenceOpenAi(msgspec.Struct, gc=False):
    """`{"input": {"messages"}, "preferred_output": […], "non_preferred_output": […]}`, or `…_completion`."""

    input: _Input
    preferred_output: _Some[Message] | None = None
    non_preferred_output: _Some[Message] | None = None
    preferred_completion: _Some[Message] | None = None
    non_preferred_completion: _Some[Message] | None = None

    def __post_init__(self) -> None:
        if not (self._preferred and self._other):
            raise ValueError("It needs both `preferred_output` and `non_preferred_output`")

    @property
    def _preferred(self) -> list[Message] | None:
        return self.preferred_output or self.preferred_completion

    @property
    def _other(self) -> list[Message] | None:
        return self.non_preferred_output or self.non_preferred_completion

    def turns(self) -> Iterable[Turn]:
        asked = (message.turn()._replace(is_answer=False) for message in self.input.messages)
        preferred = (message.turn() for message in self._preferred or ())
        return [*asked, *preferred, *(message.turn()._replace(role="") for message in self._other or ())]


class Kto(msgspec.Struct, gc=False):
    """`{"prompt", "completion", "label"}`: an answer, and whether it is wanted."""

    prompt: str
    completion: str
    label: bool

    def turns(self) -> Iterable[Turn]:
        return [_asked(self.prompt), _answer(self.completion)]


class StepwiseSupervised(msgspec.Struct, gc=False):
    """`{"prompt", "completions": […], "labels": […]}`: the steps of an answer, and which of them are right."""

    prompt: str
    completions: _Some[str]
    labels: _Some[bool]

    def __post_init__(self) -> None:
        if len(self.completions) != len(self.labels):
            raise ValueError(f"it has {len(self.completions)} completions, and {len(self.labels)} labels for them")

    def turns(self) -> Iterable[Turn]:
        return [_asked(self.prompt), *map(_answer, self.completions)]


class Prompts(msgspec.Struct, gc=False):
    """`{"prompt": text or messages, …}`: what a model is to answer; the other columns go to the reward."""

    prompt: str | _Some[Message]

    def turns(self) -> Iterable[Turn]:
        if isinstance(self.prompt, str):
            return [_asked(self.prompt)._replace(carries_loss=True)]
        return [message.turn()._replace(is_answer=False, carries_loss=True) for message in self.prompt]


DECODERS: dict[FormatName, type[Row]] = {
    "chat_template": Chat,
    "sharegpt": ShareGpt,
    "alpaca": Alpaca,
    "input_output": InputOutput,
    "completion": Completion,
    "preference": Preference,
    "preference_conversations": PreferenceConversations,
    "preference_text": PreferenceText,
    "preference_openai": PreferenceOpenAi,
    "kto": Kto,
    "stepwise_supervised": StepwiseSupervised,
    "prompts": Prompts,
}


def detect(fields: dict[str, Any]) -> FormatName | None:
    """Return the format that a row's fields speak for, its nulls left out. That it is right is checked later."""
    has = fields.keys()
    if "input" in has and {"preferred_output", "preferred_completion"} & has:
        return "preference_openai"
    if "messages" in has:
        return "preference" if {"chosen", "rejected"} <= has else "chat_template"
    if "chosen" in has or "rejected" in has:
        answer = fields.get("chosen", fields.get("rejected"))
        return "preference_conversations" if bytes(answer or b"").startswith(b"[") else "preference_text"
    if "completion" in has and "label" in has:
        return "kto"
    by_field: dict[str, FormatName] = {
        "conversations": "sharegpt",
        "segments": "input_output",
        "completions": "stepwise_supervised",
        "instruction": "alpaca",
        "prompt": "prompts",
        "text": "completion",
    }
    return next((found for field, found in by_field.items() if field in has), None)


def _asked(text: str) -> Turn:
    return Turn("", len(text), is_answer=False, carries_loss=False)


def _answer(text: str) -> Turn:
    return Turn("", len(text), is_answer=True, carries_loss=True)
