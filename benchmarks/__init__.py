"""Measurements: what the project's programs do in a second, beside others that do the same work."""
