"""Networks compiled from machines out of a user's components, and run beside an independent interpreter."""
