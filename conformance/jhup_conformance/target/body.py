"""What is stored under a name, as the suite compares it."""

import hashlib
from dataclasses import dataclass

__all__ = ["Body"]


@dataclass(frozen=True, slots=True)
class Body:
    """What is stored under a name, compared by length and digest (a lower-case hexadecimal SHA-256)."""

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Body":
        """Return length and digest of some bytes."""
        return cls(len(data), hashlib.sha256(data).hexdigest())

    def __str__(self) -> str:
        return f"{self.size} bytes, sha256 {self.sha256[:12]}…"
