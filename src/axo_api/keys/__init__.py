"""API keys: made, checked in front of every route, remembered for a moment, revoked."""
