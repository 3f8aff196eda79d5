"""The two drivers of the core, real time and virtual time, and what ties a session together."""
