"""Makes a scenario of what a client program said to an engine."""
