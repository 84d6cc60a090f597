"""The files that jobs have left: listed with their hashes, and sent one by one, as a tar, or by a signed URL."""
