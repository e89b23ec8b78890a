"""Correct upload servers, generated: every choice that the specification leaves, taken every way."""
