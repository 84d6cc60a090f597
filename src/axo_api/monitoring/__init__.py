"""What Prometheus is told: figures that live in this process, and figures of the record, which outlive it."""
