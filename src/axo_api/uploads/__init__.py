"""Uploads in several requests: each goes on where the last one stopped, whatever stopped it."""
