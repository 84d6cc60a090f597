"""Ends as a task does that needs a program which the trainer's environment has not."""

import standin


class ToolMissing(RuntimeError):
    """Named as the task's own."""


standin.begin(1)
raise ToolMissing("lm-eval cannot be used in the trainer's environment; install it there")
