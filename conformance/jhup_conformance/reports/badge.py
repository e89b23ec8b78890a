"""A badge with the class that was met, as a picture and in the endpoint format of shields.io."""

from html import escape
from typing import Any, Final

from jhup_conformance.findings import Verdict
from jhup_conformance.run.session import Run

__all__ = ["badge_as_json", "badge_as_svg"]

_LABEL: Final = "JHUP"
_COLOURS: Final = {
    Verdict.CONFORMS: ("brightgreen", "#2b7a0b"),
    Verdict.FAILS: ("red", "#b3261e"),
    Verdict.INCONCLUSIVE: ("yellow", "#8a6100"),
    Verdict.UNREACHABLE: ("lightgrey", "#5f5f5f"),
    Verdict.ERROR: ("lightgrey", "#5f5f5f"),
}
_CHARACTER: Final = 7.2
_PADDING: Final = 8


def message_of(run: Run) -> str:
    """Say the verdict in a few words."""
    met = run.class_met
    if run.verdict is Verdict.CONFORMS:
        return f"{met} met" if met else "conforms"
    if run.verdict is Verdict.FAILS:
        return f"{met} met, more failing" if met else "failing"
    return run.verdict.value


def badge_as_json(run: Run) -> dict[str, Any]:
    """Return the content of badge.json, which shields.io makes a badge of."""
    label = _LABEL if run.options.service == "upload" else f"{_LABEL} {run.options.service}"
    return {"schemaVersion": 1, "label": label, "message": message_of(run), "color": _COLOURS[run.verdict][0]}


_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="20" role="img" aria-label="{label}: {message}">
<title>{label}: {message}</title>
<rect width="{width:g}" height="20" rx="3" fill="#444"/>
<path d="M{left:g} 0h{rest:g}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left:g}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{label_at:g}" y="14" textLength="{label_length:g}">{label}</text>
<text x="{message_at:g}" y="14" textLength="{message_length:g}">{message}</text>
</g>
</svg>
"""


def badge_as_svg(run: Run) -> str:
    """Return badge.svg."""
    record = badge_as_json(run)
    label, message = record["label"], record["message"]
    label_length, message_length = _CHARACTER * len(label), _CHARACTER * len(message)
    left = label_length + 2 * _PADDING
    width = left + message_length + 2 * _PADDING
    return _SVG.format(
        width=round(width, 1),
        left=round(left, 1),
        rest=round(width - left - 3, 1),
        colour=_COLOURS[run.verdict][1],
        label=escape(label),
        message=escape(message),
        label_at=round(left / 2, 1),
        message_at=round(left + (width - left) / 2, 1),
        label_length=round(label_length, 1),
        message_length=round(message_length, 1),
    )
