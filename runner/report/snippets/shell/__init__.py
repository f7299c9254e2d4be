"""Writes snippets for a shell: curl and the docker CLI."""
