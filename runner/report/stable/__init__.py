"""Replaces what differs from run to run by placeholders."""
