"""Checkpoints of a training: what each is worth, what keeps it, and how one goes."""
