"""Which candidates are allowed? Parts, sampling, typed moves, crossover, decisions, counting, and the seeds of tables."""
