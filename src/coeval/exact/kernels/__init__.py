"""Array functions of the exact procedure: the streamed last level, sound bounds, constants, exact arithmetic."""
