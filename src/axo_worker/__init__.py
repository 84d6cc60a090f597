"""The data plane: takes orders from its host's queue, runs trainers, and reports. It never sees the database."""
