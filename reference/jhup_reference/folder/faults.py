"""What a store answers instead of doing what it was asked."""

__all__ = ["NotStored", "StorageFault"]


class StorageFault(Exception):
    """The store can't hold a name, or can't write or read; one line for people says why."""

    @classmethod
    def of(cls, error: OSError) -> "StorageFault":
        """Say what the operating system said, without the paths of this server."""
        return cls(f"the store can't do that: {(error.strerror or type(error).__name__).lower()}")


class NotStored(Exception):
    """Nothing is stored under the name."""
