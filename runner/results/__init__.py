"""Holds what a run leaves: records, the events that carry them, and the report collected from events."""
