"""Reads YAML 1.2 into nodes that keep their positions."""
