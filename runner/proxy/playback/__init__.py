"""Plays an engine from a recording, for any client."""
