"""Base models and presets: YAML files that a person may edit, read once at the start."""
