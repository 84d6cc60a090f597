"""The control loop: it gives queued jobs to workers, records what runs say, and mends what came apart."""
