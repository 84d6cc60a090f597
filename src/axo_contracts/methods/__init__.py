"""The training methods, one file each. A new one: its file, and its name in the union below."""

from typing import Annotated

from pydantic import Field

from axo_contracts.methods.dpo import Dpo
from axo_contracts.methods.ebft import Ebft
from axo_contracts.methods.gdpo import Gdpo
from axo_contracts.methods.grpo import Grpo
from axo_contracts.methods.ipo import Ipo
from axo_contracts.methods.kto import Kto
from axo_contracts.methods.orpo import Orpo
from axo_contracts.methods.pretrain import Pretrain
from axo_contracts.methods.process_reward import ProcessRewardModel
from axo_contracts.methods.reward import RewardModel
from axo_contracts.methods.sft import Sft
from axo_contracts.methods.simpo import Simpo

Method = Annotated[
    Sft | Dpo | Pretrain | Ipo | Kto | Orpo | Simpo | Grpo | Gdpo | Ebft | RewardModel | ProcessRewardModel,
    Field(discriminator="type"),
]

__all__ = [
    "Dpo",
    "Ebft",
    "Gdpo",
    "Grpo",
    "Ipo",
    "Kto",
    "Method",
    "Orpo",
    "Pretrain",
    "ProcessRewardModel",
    "RewardModel",
    "Sft",
    "Simpo",
]
