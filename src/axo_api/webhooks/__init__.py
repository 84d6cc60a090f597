"""Webhooks: endpoints of owners, what they are told of, and its delivery. A new type of event goes into `types.py`."""
