"""Finds and removes what runs left on an engine."""
