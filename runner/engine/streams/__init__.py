"""Decodes what engines stream: multiplexed output, JSON values, tar archives."""
