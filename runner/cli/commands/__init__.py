"""Implements the verbs, one module each."""
