"""A mistake in how the suite is called."""

__all__ = ["UsageError"]


class UsageError(Exception):
    """An option that can't be used as given; the message says why and what was expected."""
