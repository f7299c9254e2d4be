"""Describes the Engine API: operations, request bodies, and what each API version has."""
