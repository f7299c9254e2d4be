"""The wire: the table of operations, where an engine is, and how bytes get there and back."""
