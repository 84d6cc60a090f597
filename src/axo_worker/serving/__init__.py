"""Serving on a worker: a desk that takes completions from Redis, and the process with the model that writes them.

The desk (`python -m axo_worker.serving`) is kept by the agent and costs little; the process with the model, in the
trainer's environment (`axo_worker.model_server`), is started for a completion and leaves after an idle time.
"""
