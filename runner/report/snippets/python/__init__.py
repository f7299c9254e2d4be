"""Writes snippets in Python: docker-py."""
