"""What rows of training data must look like, and what is counted of them."""
