"""Who does what when? The search loop, budget, executors, the run's folder, resume, and the main job that joins them."""
