"""`axo chat`: trying a model in the terminal."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from axo_cli.api import Api
from axo_cli.conversation import Conversation
from axo_cli.errors import CliError, UsageError
from axo_cli.options import DEFAULT_URL, Url
from axo_cli.output import console
from axo_cli.terminal_text import shown, shown_pieces

Model = Annotated[str, typer.Argument(metavar="MODEL", help="ft:…, ft:…:ckpt-step-N, an alias or a base model.")]
_PROMPT = "Ask this and leave. Left out: a conversation, or what is piped in."
Prompt = Annotated[str | None, typer.Argument(metavar="[PROMPT]", help=_PROMPT)]
System = Annotated[str | None, typer.Option(help="What the system says before the conversation.")]
Temperature = Annotated[float | None, typer.Option(min=0, max=2, help="0: always the likeliest token.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="The longest answer, in tokens.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same answers.")]

HELP = "/clear begins anew, /exit leaves; Ctrl-C stops an answer."


def chat(
    model: Model,
    prompt: Prompt = None,
    system: System = None,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Talk to a model that was trained here, or to a base model. Nothing is stored."""
    options = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
    given = {name: value for name, value in options.items() if value is not None}
    with Api(url) as api:
        conversation = Conversation(api, model, system=system, options=given)
        if prompt is None and sys.stdin.isatty():
            _talk(conversation)
            return
        text = sys.stdin.read() if prompt is None else prompt
        if not text.strip():
            raise UsageError("There is nothing to ask; give a prompt, or pipe one in.")
        _show(conversation.say(text))


def _talk(conversation: Conversation) -> None:
    """Take turns until `/exit` or the end of the input."""
    console().print(HELP, style="dim")
    while (text := _next()) is not None:
        match text.strip():
            case "":
                continue
            case "/exit":
                return
            case "/clear":
                conversation.clear()
            case command if command.startswith("/") and " " not in command:
                console().print(f"There is no {command}. {HELP}", style="dim")
            case _:
                _take_turn(conversation, text)


def _next() -> str | None:
    try:
        return input("> ")
    except (EOFError, KeyboardInterrupt):
        print()
        return None


def _take_turn(conversation: Conversation, text: str) -> None:
    """Show one answer; one that fails, or is stopped, leaves the conversation as it was."""
    try:
        _show(conversation.say(text))
    except KeyboardInterrupt:
        console().print("\n(stopped, and forgotten)", style="dim")
    except CliError as error:
        print(shown(str(error), sys.stderr), file=sys.stderr)


def _show(pieces: Iterator[str]) -> None:
    """Print an answer as it comes. On a terminal something moves until its first letter is there."""
    pieces = shown_pieces(pieces)
    with console().status("waiting for the model"):
        first = next((piece for piece in pieces if piece), "")
    print(first, end="", flush=True)
    for piece in pieces:
        print(piece, end="", flush=True)
    print()
