"""What only some workers have."""


class ToolMissing(RuntimeError):
    """A program that the task needs is not here. The message says which, and how to mend it."""
