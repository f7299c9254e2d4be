"""Speaks HTTP/1.1 and WebSocket to an engine."""
