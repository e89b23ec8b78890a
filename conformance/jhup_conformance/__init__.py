"""The JHUP conformance suite: judges any implementation at an address, clause by clause."""

from importlib.metadata import version
from typing import Final

__all__ = ["SPEC_VERSION", "__version__"]

__version__: Final = version("jhup")
SPEC_VERSION: Final = "1.1"
"""Version of the specification that the suite judges by."""
