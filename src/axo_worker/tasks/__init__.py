"""What axo runs in the trainer's environment beside training: a file a kind of task.

The worker puts this package on the path as `axo_tasks`, and starts it as `python -m axo_tasks CONFIG` in the attempt's
folder. Standard library, what the trainer's environment brings, axo_grading and the plugin's reporter only.
"""
