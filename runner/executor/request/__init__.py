"""Prepares a step's request: labels, credentials, bodies from files and folders."""
