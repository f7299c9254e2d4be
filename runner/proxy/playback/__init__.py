"""Plays an engine from a recording, for clients that nobody here wrote."""
