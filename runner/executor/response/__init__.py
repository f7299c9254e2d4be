"""Reads an engine's response: bodies, streams, downloads, error messages."""
