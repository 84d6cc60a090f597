"""The serving process: writes what models are asked for, one completion after the other.

`python -m axo_model_server PARENT_PID OPTIONS` reads completions and cancels as lines of JSON from its standard input,
and writes events (`axo_contracts.completions`) to its standard output. It ends with its input, and with its parent.
The trainer's Python imports it as `axo_model_server`; it may use what that brings, and axo_tasks.
"""
