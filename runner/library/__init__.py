"""Implements the Python interface of the runner; ``import runner`` re-exports its functions."""
