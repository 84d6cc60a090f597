"""`/v1/fine_tuning/checkpoints/{name}/permissions`: which projects a checkpoint was shared with, as records."""
