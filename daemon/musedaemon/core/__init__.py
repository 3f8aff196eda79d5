"""The sans-IO core: no thread, clock, port or random generator of its own. The same objects run live and in virtual time."""
