"""What the control plane and the workers agree on: data only, no connection, no environment, no framework."""
