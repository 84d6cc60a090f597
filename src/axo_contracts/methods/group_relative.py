"""What GRPO and GDPO have in common: rewards, and how far one step may go."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.format_names import FormatName
from axo_contracts.methods.generation import GeneratingMethod
from axo_contracts.methods.training_method import LearningRates
from axo_contracts.rewards import PythonReward, Reward, named
from axo_contracts.trainer_plugin import REWARDS

Epsilon = Annotated[float, Field(gt=0, le=100)]


class GroupRelativeMethod(GeneratingMethod):
    """Learns from how each answer's reward compares to that of the others to the same prompt."""

    formats: ClassVar[tuple[FormatName, ...]] = ("prompts",)
    learning_rates: ClassVar[LearningRates] = LearningRates(adapter=1e-5, full=1e-6)

    rewards: Annotated[tuple[Reward, ...], Field(min_length=1, max_length=64)]
    """What an answer is worth: the weighted sum of these."""
    beta: Annotated[float, Field(ge=0, le=100)] = 0.0
    """How firmly the model is held near where it began. 0: not at all, and no second model is kept in memory."""
    num_iterations: Annotated[int, Field(ge=1, le=1000)] = 1
    """Steps made with the same answers."""
    epsilon: Epsilon = 0.2
    """How far a step may change a token's probability."""
    epsilon_high: Epsilon | None = None
    """The same upwards, where it differs. DAPO has 0.28."""
    loss_type: Literal["grpo", "bnpo", "dr_grpo", "dapo", "cispo"] = "dapo"
    """How the tokens' losses are put together."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """Which answers' spread the rewards are divided by."""
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """What a step's change is measured by. sequence: GSPO, with loss_type grpo."""
    mask_truncated_completions: bool = False
    """Learn nothing from answers that max_completion_length has cut off."""
    log_completions: bool = False
    """Print some answers with their rewards into the job's log."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        named(self.rewards)
        if self.importance_sampling_level == "sequence" and self.loss_type != "grpo":
            raise ValueError("importance_sampling_level sequence goes with loss_type grpo only; give that")
        return self

    def plugin_options(self) -> dict[str, Any]:
        """Return what only our plugin in the trainer reads."""
        graders = {name: reward.plugin_options() for name, reward in named(self.rewards).items()}
        return {"rewards": {name: options for name, options in graders.items() if options is not None}}

    def needs_unsafe_code(self) -> list[str]:
        """Return the paths of the fields, from the method's own on, that have the trainer run a client's code."""
        numbered = enumerate(self.rewards)
        return [f"rewards.{number}.function" for number, reward in numbered if isinstance(reward, PythonReward)]

    def _group_relative_options(self) -> dict[str, Any]:
        rewards = named(self.rewards)
        options = self._generation_options()
        options["trl"] |= {
            "beta": self.beta,
            "num_iterations": self.num_iterations,
            "epsilon": self.epsilon,
            "loss_type": self.loss_type,
            "scale_rewards": self.scale_rewards,
            "importance_sampling_level": self.importance_sampling_level,
            "mask_truncated_completions": self.mask_truncated_completions,
            "log_completions": self.log_completions,
            "reward_funcs": [_function(name, reward) for name, reward in rewards.items()],
            "reward_weights": [reward.weight for reward in rewards.values()],
        }
        if self.epsilon_high is not None:
            options["trl"]["epsilon_high"] = self.epsilon_high
        return options


def _function(name: str, reward: Reward) -> str:
    return reward.function if isinstance(reward, PythonReward) else f"{REWARDS}.{name}"
