"""Logs a loss that is NaN, infinite, minus infinite and left out, a gradient norm that is each once, and exits 0."""

import standin

LOGGED: list[dict[str, float | str]] = [
    {"loss": "nan", "grad_norm": "-inf"},
    {"loss": "-inf", "grad_norm": 0.5},
    {"grad_norm": "nan"},
    {"loss": "inf", "grad_norm": "inf"},
]

standin.begin(len(LOGGED))
for step, logged in enumerate(LOGGED, 1):
    values = {name: None if isinstance(value, str) else value for name, value in logged.items()}
    named = {name: value for name, value in logged.items() if isinstance(value, str)}
    standin.report("metric", step=step, max_steps=len(LOGGED), epoch=1.0, values=values, non_finite=named)
standin.end(len(LOGGED))
