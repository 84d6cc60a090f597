"""Results: what is known of each, signed by this service."""
