"""Defines the matchers of ``expect``: their operands, and how they compare a value."""
