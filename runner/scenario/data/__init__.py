"""Reads data that a scenario runs with: files of rows for loops, and the combinations of a matrix."""
