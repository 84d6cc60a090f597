"""`axo demo`: a tiny model fine-tuned from start to end."""
