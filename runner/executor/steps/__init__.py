"""Runs steps: order, kinds, attempts, expectations."""
