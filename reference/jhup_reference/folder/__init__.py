"""The folder of the store: which entry holds which name, and how a body takes its place in one step."""
