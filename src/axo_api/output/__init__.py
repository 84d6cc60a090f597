"""What a job has said and done: its stream, log, moves and config. Metrics and checkpoints have rooms of their own."""
