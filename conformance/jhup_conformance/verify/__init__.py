"""Comparing what a target does with the outcomes that the specification allows."""
