"""What to try next? Strategies under one ask/tell contract; the log is their only state."""
