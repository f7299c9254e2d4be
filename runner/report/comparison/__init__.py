"""Compares the reports of the same scenarios on several engines."""
