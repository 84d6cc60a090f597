"""What both planes tell their operator, in one form: logs and traces. No plane's own words, settings or connections."""
