"""What has happened? The append-only SQLite journal, queries on it, and weights by content."""
