"""Is a component set enough? Capabilities, theorems as rules, and witnesses that are executed."""
