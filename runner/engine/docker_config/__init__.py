"""Finds the engine and the registry credentials that the docker CLI would use."""
