"""What axo puts inside the trainer: it reports how the training goes, and stops it with a checkpoint when asked."""
