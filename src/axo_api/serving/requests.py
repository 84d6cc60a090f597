"""What OpenAI's clients ask of a model. What is not done here is refused by name, never left out without a word."""

from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from axo_contracts.completions import Sampling
from axo_contracts.strict import Strict

MOST_ANSWERS = 128
MOST_STOPS = 4
MOST_LOG_PROBABILITIES = 1_000_000  # of one request; each is about a hundred bytes on its way
UNSAID_TOKENS = 4096  # of an answer whose length the request leaves to the model, when they are counted


def _refuse(value: Any) -> None:
    if value not in (None, False, [], {}, "none"):
        raise ValueError("this is not served here; leave it out")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


NotServed = Annotated[Any, AfterValidator(_refuse)]
"""A field of OpenAI's that is refused unless it says nothing."""

_Stop = Annotated[str, Field(min_length=1, max_length=1000)]
_Stops = Annotated[tuple[_Stop, ...], Field(max_length=MOST_STOPS)]
Stops = Annotated[_Stops | None, BeforeValidator(_as_tuple, json_schema_input_type=_Stop | _Stops | None)]
Tokens = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Text = Annotated[str, Field(max_length=1_000_000)]
_Penalty = Annotated[float, Field(ge=-2, le=2)]


class StreamOptions(Strict):
    """What a stream tells beside its text."""

    include_usage: bool = False
    """End with a chunk that has the numbers of tokens, and no choice."""


class Request(Strict, ABC):
    """What both kinds of completion take."""

    model: Annotated[str, Field(min_length=1, max_length=4096)]
    """What was trained here (`ft:…`, `ft:…:ckpt-step-N`, an alias), or a base model that is known here."""
    max_tokens: Tokens | None = None
    """The longest answer, in tokens."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 1.0
    """0: always the likeliest token. More: more variety."""
    top_p: Annotated[float, Field(ge=0, le=1)] | None = 1.0
    """Of the likeliest tokens, those that together have this share of the probability are chosen from."""
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] | None = 1
    """How many answers."""
    stop: Stops = None
    """One text, or up to 4, before which the answer ends."""
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None
    """With the same seed, the same request on the same kind of device has the same answer."""
    frequency_penalty: _Penalty | None = 0.0
    """Makes tokens less likely by how often they were written."""
    presence_penalty: _Penalty | None = 0.0
    """Makes tokens less likely that were written at all."""
    stream: bool | None = False
    """Send the answer while it is written, as server-sent events, and `[DONE]` in the end."""
    stream_options: StreamOptions | None = None
    user: Annotated[str, Field(max_length=1000)] | None = None
    """Read, and kept nowhere."""
    logit_bias: NotServed = None

    @model_validator(mode="after")
    def _streams_its_options(self) -> Self:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options are for a stream; say stream: true")
        return self

    @model_validator(mode="after")
    def _asks_for_few_log_probabilities(self) -> Self:
        sampling = self.sampling()
        if sampling.top_logprobs is None:
            return self
        answers = max(1, len(self.prompts())) * sampling.n
        asked = answers * (sampling.max_tokens or UNSAID_TOKENS) * (1 + sampling.top_logprobs)
        if asked > MOST_LOG_PROBABILITIES:
            raise ValueError(
                f"{answers} answers may come to {asked} log probabilities, and a request may have "
                f"{MOST_LOG_PROBABILITIES}; give or lower max_tokens, or ask for fewer answers or likeliest tokens"
            )
        return self

    @property
    def tells_usage(self) -> bool:
        """Whether the stream ends with the numbers of tokens."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def echoes(self) -> bool:
        """Whether the answer begins with the prompt."""
        return False

    def conversation(self) -> tuple[dict[str, str], ...] | None:
        """Return the messages to go on with, where it is about messages."""
        return None

    def prompts(self) -> tuple[str | tuple[int, ...], ...]:
        """Return the texts to go on with, where it is about texts."""
        return ()

    @abstractmethod
    def sampling(self) -> Sampling:
        """Return how the answers are made."""

    def _sampling(self, *, max_tokens: int | None, top_logprobs: int | None) -> Sampling:
        return Sampling(
            max_tokens=max_tokens,
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            n=self.n or 1,
            seed=self.seed,
            stop=self.stop or (),
            frequency_penalty=self.frequency_penalty or 0.0,
            presence_penalty=self.presence_penalty or 0.0,
            top_logprobs=top_logprobs,
        )


class TextPart(Strict):
    """A part of a message. There are no other parts than text here."""

    type: Literal["text"]
    text: _Text


class Message(Strict):
    """One message of a conversation. `developer` is read as `system`."""

    role: Literal["system", "developer", "user", "assistant"]
    content: _Text | tuple[TextPart, ...]
    name: Annotated[str, Field(max_length=256)] | None = None
    """Handed to the model's chat template, few of which use it."""
    tool_calls: NotServed = None
    function_call: NotServed = None
    audio: NotServed = None
    refusal: NotServed = None
    annotations: NotServed = None

    def for_template(self) -> dict[str, str]:
        """Return the message as chat templates know it."""
        content = self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        message = {"role": "system" if self.role == "developer" else self.role, "content": content}
        return message if self.name is None else message | {"name": self.name}


class TextFormat(Strict):
    """Text, as it comes."""

    type: Literal["text"]


class ChatRequest(Request):
    """A conversation, which the model goes on with. It is kept by whoever asks, and nowhere here."""

    messages: Annotated[tuple[Message, ...], Field(min_length=1, max_length=10_000)]
    max_completion_tokens: Tokens | None = None
    """The same as `max_tokens`, by its newer name. Left out: all that the model's context has room for."""
    logprobs: bool | None = False
    """Tell the log probability of each token: the model's own, before penalties, temperature and top_p."""
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    """And of so many that were likeliest in its place."""
    response_format: TextFormat | None = None
    store: NotServed = None
    """Nothing is stored."""
    tools: NotServed = None
    tool_choice: NotServed = None
    parallel_tool_calls: NotServed = None
    functions: NotServed = None
    function_call: NotServed = None
    modalities: Annotated[tuple[Literal["text"], ...], Field(max_length=1)] | None = None
    audio: NotServed = None
    prediction: NotServed = None
    web_search_options: NotServed = None
    reasoning_effort: NotServed = None
    verbosity: NotServed = None
    service_tier: NotServed = None
    metadata: NotServed = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if None not in (self.max_tokens, self.max_completion_tokens) and self.max_tokens != self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens are two names of one thing; give one of them")
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs stand beside log probabilities; say logprobs: true")
        return self

    def conversation(self) -> tuple[dict[str, str], ...]:
        """Return the messages."""
        return tuple(message.for_template() for message in self.messages)

    def sampling(self) -> Sampling:
        """Return how the answers are made."""
        top = (self.top_logprobs or 0) if self.logprobs else None
        return self._sampling(max_tokens=self.max_completion_tokens or self.max_tokens, top_logprobs=top)


_Ids = Annotated[tuple[Annotated[int, Field(ge=0, le=2**31 - 1)], ...], Field(min_length=1, max_length=200_000)]


class CompletionRequest(Request):
    """Texts, each of which the model goes on with."""

    prompt: str | _Ids | Annotated[tuple[str | _Ids, ...], Field(min_length=1, max_length=128)]
    """A text, or its tokens; or several."""
    max_tokens: Tokens | None = 16
    """The longest answer, in tokens."""
    logprobs: Annotated[int, Field(ge=0, le=5)] | None = None
    """Tell the log probability of each token, and of so many that were likeliest in its place."""
    echo: bool | None = False
    """Let the answer begin with the prompt."""
    suffix: NotServed = None
    best_of: NotServed = None

    @model_validator(mode="after")
    def _echoes_text_alone(self) -> Self:
        if self.echo and self.logprobs is not None:
            raise ValueError("echo with logprobs is not served here; `kind: score` jobs tell those of a text")
        return self

    @property
    def echoes(self) -> bool:
        """Whether the answer begins with the prompt."""
        return bool(self.echo)

    def prompts(self) -> tuple[str | tuple[int, ...], ...]:
        """Return each prompt."""
        prompt = self.prompt
        if isinstance(prompt, str):
            return (prompt,)
        if isinstance(prompt[0], int):
            return (tuple(token for token in prompt if isinstance(token, int)),)
        return tuple(one for one in prompt if not isinstance(one, int))

    def sampling(self) -> Sampling:
        """Return how the answers are made."""
        return self._sampling(max_tokens=self.max_tokens or 16, top_logprobs=self.logprobs)
