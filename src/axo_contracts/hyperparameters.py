"""How long, how fast and in what portions a job trains. Names and meanings are Axolotl's."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from axo_contracts.strict import Count, Strict

Optimizer = Literal[
    "adamw_torch", "adamw_torch_fused", "adamw_bnb_8bit", "paged_adamw_8bit", "adafactor", "lion_8bit", "muon", "sgd"
]
Scheduler = Literal["cosine", "linear", "constant", "constant_with_warmup", "polynomial", "inverse_sqrt"]

USUAL_WARMUP_STEPS = 10
USUAL_SAVE_TOTAL_LIMIT = 3


class Hyperparameters(Strict):
    """Every field has a default that suits a LoRA run; `learning_rate` depends on the adapter when it is left out."""

    num_epochs: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Passes over the data. A fraction is allowed."""
    max_steps: Count | None = None
    """Stop after so many optimizer steps, however many epochs that is."""
    micro_batch_size: Annotated[int, Field(ge=1, le=4096)] = 2
    """Rows a GPU takes in one forward pass."""
    gradient_accumulation_steps: Annotated[int, Field(ge=1, le=65536)] = 4
    """Forward passes a step. Rows a step: micro_batch_size × gradient_accumulation_steps × GPUs."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """Peak learning rate. Left out: what suits the method: for SFT 2e-4 with an adapter and 2e-5 with full weights,
    for DPO a tenth of that or less."""
    lr_scheduler: Scheduler = "cosine"
    optimizer: Optimizer = "adamw_torch"
    warmup_steps: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """Steps over which the learning rate rises. Excludes warmup_ratio."""
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] | None = None
    """The same as a share of all steps. Left out, and no warmup_steps: 0.03; with a method that takes no ratio, 10
    steps."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Gradients longer than this are scaled down to it."""
    sequence_len: Annotated[int, Field(ge=8, le=1_048_576)] = 2048
    """Longest row in tokens; longer ones are cut or dropped."""
    sample_packing: bool = False
    """Put several short rows into one sequence: much faster on short rows."""
    gradient_checkpointing: bool = False
    """Recompute activations instead of keeping them: less memory, about a third slower."""
    val_set_size: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the training rows held out for evaluation."""
    eval_steps: Count | None = None
    """Evaluate each so many steps. Left out: once an epoch, where there is something to evaluate on."""
    save_steps: Count | None = None
    """Write a checkpoint each so many steps. Left out: once an epoch."""
    save_total_limit: Count | None = None
    """Checkpoints that the trainer keeps; it deletes older ones. Left out: 3, unless there is a `keep`."""
    logging_steps: Count = 1
    """Report the loss each so many steps."""

    @model_validator(mode="after")
    def _one_warmup(self) -> Self:
        if self.warmup_steps is not None and self.warmup_ratio is not None:
            raise ValueError("warmup_steps and warmup_ratio exclude each other; give one of them")
        return self

    def axolotl_options(
        self, *, learning_rate: float, takes_warmup_ratio: bool, has_validation: bool
    ) -> dict[str, Any]:
        """Return the Axolotl options that these hyperparameters mean; `learning_rate` is the method's own."""
        options: dict[str, Any] = {
            "num_epochs": self.num_epochs,
            "micro_batch_size": self.micro_batch_size,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            "learning_rate": self.learning_rate or learning_rate,
            "lr_scheduler": self.lr_scheduler,
            "optimizer": self.optimizer,
            "weight_decay": self.weight_decay,
            "max_grad_norm": self.max_grad_norm,
            "sequence_len": self.sequence_len,
            "save_total_limit": self.save_total_limit or USUAL_SAVE_TOTAL_LIMIT,
            "logging_steps": self.logging_steps,
        }
        if self.max_steps is not None:
            options["max_steps"] = self.max_steps
        if self.warmup_steps is not None:
            options["warmup_steps"] = self.warmup_steps
        elif takes_warmup_ratio:
            options["warmup_ratio"] = 0.03 if self.warmup_ratio is None else self.warmup_ratio
        else:
            options["warmup_steps"] = USUAL_WARMUP_STEPS
        if self.sample_packing:
            options |= {"sample_packing": True, "pad_to_sequence_len": True}
        if self.gradient_checkpointing:
            options["gradient_checkpointing"] = True
        options |= {"save_steps": self.save_steps} if self.save_steps else {"saves_per_epoch": 1}
        if self.val_set_size:
            options["val_set_size"] = self.val_set_size
        if self.val_set_size or has_validation:
            options |= {"eval_steps": self.eval_steps} if self.eval_steps else {"evals_per_epoch": 1}
        return options
