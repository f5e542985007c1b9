"""What does it look like? The HTML report of a run and what the terminal shows; nothing here measures anything."""
