"""Checks run in processes of their own, so that they and the event loop do not wait for one interpreter's lock."""
