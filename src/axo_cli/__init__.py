"""The `axo` command line, the embedded stack that `axo up` runs, and the demo."""
