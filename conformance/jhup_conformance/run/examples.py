"""How Hypothesis draws the examples of a run."""

from typing import Final

import hypothesis
import platformdirs
from hypothesis import HealthCheck, Phase
from hypothesis.configuration import set_hypothesis_home_dir

from jhup_conformance.profiles import EFFORTS, Profile

__all__ = ["configure_hypothesis"]

_NAME: Final = "jhup-conformance"


def configure_hypothesis(profile: Profile) -> None:
    """Let it draw as many examples as a profile has, and leave nothing where the user stands.

    A slow target is no slow test; and a target that waits out every time-out must not be shrunk for minutes. What it
    keeps goes to the user's cache. It keeps no examples that failed: a verdict depends on the seed, and not on what was
    judged before.
    """
    set_hypothesis_home_dir(platformdirs.user_cache_path("jhup-conformance") / "hypothesis")
    hypothesis.settings.register_profile(
        _NAME,
        max_examples=EFFORTS[profile].examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
        print_blob=False,
        database=None,
    )
    hypothesis.settings.load_profile(_NAME)
