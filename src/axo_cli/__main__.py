"""`python -m axo_cli` is the `axo` command."""

from axo_cli.main import main

main()
