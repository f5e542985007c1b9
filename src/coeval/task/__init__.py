"""What must be solved: reading data, kinds of columns, splits, metrics, preparation."""
