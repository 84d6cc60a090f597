"""Keeping the warm helper, and asking it: from a job's start directly, and for the control plane over Redis."""
