"""Records exchanges with an engine, stores them in a file, and replays them."""
