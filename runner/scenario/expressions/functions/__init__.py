"""Provides the filters, tests and functions of expressions."""
