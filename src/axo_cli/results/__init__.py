"""Results taken away, and checked against their signed manifests."""
