"""Consoles that cannot show every letter (cp866, cp1251 in Windows): a near sign of ASCII instead of a broken run."""

from __future__ import annotations

import codecs
import sys
from typing import TextIO

HANDLER = "b24kit-near"
_NEAR = {
    "«": '"', "»": '"', "„": '"', "“": '"', "”": '"', "‘": "'", "’": "'",
    "—": "-", "–": "-", "−": "-", "→": "->", "←": "<-", "≈": "~", "…": "...", "•": "*", "·": ".",
    "\u00a0": " ", "\u202f": " ", "№": "N", "×": "x", "─": "-", "━": "-", "│": "|", "ё": "е", "Ё": "Е",
}  # fmt: skip


def prepare_streams() -> None:
    """Make stdout and stderr fall back on near signs for what their encoding lacks."""
    codecs.register_error(HANDLER, _nearest)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)


def speaks_unicode(stream: TextIO) -> bool:
    """Whether every sign can be written to this stream as it is."""
    return (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_encodable(_NEAR.get(sign, "?"), error.encoding) for sign in lacking), error.end


def _encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "replace").decode(encoding)
