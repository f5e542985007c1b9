"""From a function to a trained function: the one training loop."""
