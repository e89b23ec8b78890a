"""One run: its options, its results, its verdict."""
