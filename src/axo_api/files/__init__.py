"""Uploaded files: training data, checked row by row while it arrives."""
