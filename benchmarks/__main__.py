"""`python -m benchmarks [NAME ...]`: every benchmark one after another, each its JSON on one line with its seconds.

One after another on purpose: figures in real seconds must not share the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOT_RUN = {"__init__", "__main__", "portal", "account", "sender", "robots_office"}


def names() -> list[str]:
    """Every benchmark of this folder, by name."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_RUN)


def main() -> int:
    """Exit 1 when any of them failed to run; a figure that is not reached is no failure, it is told."""
    failed = 0
    for name in sys.argv[1:] or names():
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], capture_output=True, text=True, check=False)
        found = document(done.stdout)
        if found is None:
            failed += 1
            found = {"failed": done.returncode, "said": done.stderr[-2000:]}
        print(json.dumps({"name": name, "took": round(time.monotonic() - started, 1), **found}), flush=True)
    return 1 if failed else 0


def document(text: str) -> dict[str, object] | None:
    """The JSON object that a benchmark printed, on one line or on many."""
    for start in (text.find("{"), text.rfind("\n{") + 1):
        try:
            found = json.loads(text[start:])
        except ValueError:
            continue
        return found if isinstance(found, dict) else None
    return None


if __name__ == "__main__":
    sys.exit(main())
