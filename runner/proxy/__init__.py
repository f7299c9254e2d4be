"""Stands between a client program and an engine: passes the bytes and reads a copy, or plays the engine."""
