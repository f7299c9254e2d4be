"""Validates a scenario against its JSON Schema and words the messages."""
