"""What a job has put out: its stream, log, metrics, events, config and checkpoints."""
