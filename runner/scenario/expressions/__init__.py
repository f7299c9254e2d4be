"""Parses and evaluates expressions and templates."""
