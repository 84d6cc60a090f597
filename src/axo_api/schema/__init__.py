"""The schema of Axolotl configs, for editors and people."""
