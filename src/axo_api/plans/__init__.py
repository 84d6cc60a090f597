"""What a job would be, without running it, and rows as the trainer will see them."""
