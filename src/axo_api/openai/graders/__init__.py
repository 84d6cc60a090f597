"""OpenAI's graders: read once, then run here or given to GRPO as rewards."""
