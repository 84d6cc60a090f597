"""The control plane: takes jobs over HTTP, keeps the record, and tells workers what to run."""
