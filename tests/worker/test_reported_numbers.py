"""What a trainer logs, as the plugin reports it: every number, none rounded, and none that JSON cannot say."""

import json

import numpy as np

from axo_worker.trainer_plugin.reporter import split_finite

LOGGED = {
    "loss": 0.1 + 0.2,
    "learning_rate": 1.9999999999999998e-05,
    "grad_norm": np.float32(1.1),
    "rewards/margins": np.array(1 / 3),
    "num_tokens": np.int64(2**40),
    "tokens/total": 7,
    "logps/chosen": float("-inf"),
    "eval_loss": np.float64("nan"),
    "completions": ["text"],
    "per_rank": np.zeros(2),
    "is_best": True,
}


def test_every_number_is_reported_to_the_last_bit() -> None:
    values, non_finite = split_finite(LOGGED)

    assert json.loads(json.dumps(values, allow_nan=False)) == {
        "loss": 0.30000000000000004,
        "learning_rate": 1.9999999999999998e-05,
        "grad_norm": float(np.float32(1.1)),
        "rewards/margins": 1 / 3,
        "num_tokens": 2**40,
        "tokens/total": 7,
        "logps/chosen": None,
        "eval_loss": None,
    }
    assert non_finite == {"logps/chosen": "-inf", "eval_loss": "nan"}
