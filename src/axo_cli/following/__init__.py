"""`axo follow`: what a job says, as it says it."""
