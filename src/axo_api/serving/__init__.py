"""Trying a model: OpenAI's chat completions and completions, written by a worker that serves."""
