"""The sans-IO core: no thread, clock, port or random generator of its own. Live and virtual time run the same."""
