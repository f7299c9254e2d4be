"""Opens byte channels to an engine: unix, tcp, TLS and ssh."""
