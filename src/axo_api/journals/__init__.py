"""Journals: the one record of what a run said, written by the recorder alone and read by every follower."""
