"""Runs a scenario on an engine and tells what happens as a stream of events."""
