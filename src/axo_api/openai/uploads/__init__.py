"""`/v1/uploads`: a file in parts that may come side by side, put in order when it is complete."""
