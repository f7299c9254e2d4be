"""Starts, beside a run, the process that removes what is left of it if it is killed."""
