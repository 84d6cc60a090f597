"""Energy-based fine-tuning: learn to write what looks, to a frozen copy of the model, like the examples."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from axo_contracts.format_names import FormatName
from axo_contracts.formats import ChatTemplateFormat, CompletionFormat, RowFormat
from axo_contracts.methods.generation import GeneratingMethod
from axo_contracts.methods.training_method import LearningRates

Coefficient = Annotated[float, Field(ge=0, le=1000)]
Depth = Annotated[float, Field(gt=0, le=1)]


class Ebft(GeneratingMethod):
    """Energy-based fine-tuning. Use it in SFT's place when the model shall match the examples' meaning rather than
    their words. It generates while it trains; its strided mode needs a GPU."""

    formats: ClassVar[tuple[FormatName, ...]] = ("chat_template", "completion")
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=1e-5, full=1e-6)

    type: Literal["ebft"] = "ebft"
    mode: Literal["structured", "strided"] = "structured"
    """structured: chat rows, whose last answer the model writes anew; strided: chat rows or plain text, which it
    goes on with from many places at once."""
    feature_layers: Annotated[tuple[Depth, ...], Field(min_length=1, max_length=64)] = (0.25, 0.5, 0.75)
    """The layers by whose features texts are compared, as shares of the model's depth."""
    embed_method: Literal["last_token", "mean_pooling", "completion_mean", "concat"] = "last_token"
    """How the features of a text's tokens become those of the text."""
    use_whitening: bool = False
    """Put all features on one scale before they are compared."""
    alignment_coef: Coefficient = 1.0
    """What likeness to the example counts."""
    diversity_coef: Coefficient = 1.0
    """What likeness of the answers to each other costs."""
    ce_coef: Coefficient = 0.0
    """What imitating the example word by word counts beside it."""
    stride: Annotated[int, Field(ge=1, le=65536)] = 8
    """strided: tokens from one place to the next."""
    context_length: Annotated[int, Field(ge=1, le=65536)] = 8
    """strided: tokens that are seen before each place."""
    generate_max_len: Annotated[int, Field(ge=1, le=65536)] = 8
    """strided: tokens that are written at each place."""
    n_samples_per_prompt: Annotated[int, Field(ge=1, le=1024)] = 4
    """strided: how often each row is gone on with."""
    rl_coef: Coefficient = 1.0
    """strided: what the reward counts beside ce_coef."""
    advantage_estimator: Literal["rloo", "group_norm", "reinforce"] = "rloo"
    """strided: what a reward is compared to."""

    @property
    def needs_gpu(self) -> bool:
        """Whether it cannot train on a CPU."""
        return self.mode == "strided" or super().needs_gpu

    def axolotl_options(self) -> dict[str, Any]:
        """Return the Axolotl options that this method means."""
        names = _SHARED + (_STRIDED if self.mode == "strided" else ())
        options: dict[str, Any] = {"rl": "ebft", "ebft": self.model_dump(mode="json", include=set(names))}
        if self.mode == "strided":
            options["ebft"] |= {"temperature": self.temperature, "top_p": self.top_p}
            return options
        return options | self._generation_options()

    def dataset_options(self, row_format: RowFormat) -> dict[str, Any]:
        """Return how Axolotl reads rows of `row_format` for this method. Raises ValueError for names it cannot read."""
        if not row_format.has_usual_names:
            raise ValueError(f"ebft reads {row_format.type} rows by their usual field names only; leave them out")
        match row_format, self.mode:
            case ChatTemplateFormat(), "structured":
                return {"type": "ebft_chat_multiturn.transform_last_turn"}
            case ChatTemplateFormat(), "strided":
                return {"type": "ebft_strided_chat.transform"}
            case CompletionFormat(), "strided":
                return {"type": "ebft_pretrain.transform"}
            case _:
                raise ValueError(f"ebft's mode {self.mode} reads no {row_format.type} rows; set mode to strided")


_SHARED = (
    "mode",
    "feature_layers",
    "embed_method",
    "use_whitening",
    "alignment_coef",
    "diversity_coef",
    "ce_coef",
)
_STRIDED = (
    "stride",
    "context_length",
    "generate_max_len",
    "n_samples_per_prompt",
    "rl_coef",
    "advantage_estimator",
)
