"""What an answer is worth: pure functions of text, the same in the API and inside the trainer.

Standard library only, because the worker puts this package on the trainer's path. A new type of grader: its function
in `checks.py` or `similarity.py`, named in `grading.py`; its fields in `axo_contracts/rewards.py`.
"""
