"""Attacks on the reference that anybody can run, for as long as they like: `python -m reference.attack`."""
