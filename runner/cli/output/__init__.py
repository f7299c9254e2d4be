"""Prints to the terminal: diagnostics, progress, the live display, colours."""
