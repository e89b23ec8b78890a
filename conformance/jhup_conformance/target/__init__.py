"""The server under test: its process, its resources, its timing, its store."""
