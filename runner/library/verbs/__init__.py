"""Implements what the verbs beside `run` do, for the command and for Python alike."""
