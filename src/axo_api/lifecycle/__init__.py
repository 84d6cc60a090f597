"""The lifecycle of all jobs as one stream: each recorded move of each, in the order of their numbers."""
