"""Figure: the wheel alone, installed in an empty venv, runs the demo. Downloads the dependencies; aim: exit code 0."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEADS = 300


def installed(folder: Path) -> Path:
    """Build the wheel and install it with what it needs; gives the venv's folder of programs."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", str(ROOT), "--no-deps", "--quiet", "--wheel-dir", str(folder)], check=True)
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    wheel = next(folder.glob("b24kit-*.whl"))
    own = [str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", str(wheel)]
    subprocess.run(own, check=True)
    return programs


def demo(programs: Path, folder: Path, leads: int) -> tuple[int, float, str]:
    """Run the demo where nothing of the repository can be seen: exit code, seconds, what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    started = time.perf_counter()
    ended = subprocess.run(
        [str(programs / "b24kit"), "demo", "--leads", str(leads)],
        cwd=folder, env=environment | {"PYTHONUTF8": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return ended.returncode, time.perf_counter() - started, ended.stdout.decode(errors="replace")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=LEADS, help="open leads of the demo's company")
    leads = parser.parse_args().leads
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty"
        empty.mkdir()
        programs = installed(folder)
        size = next(folder.glob("b24kit-*.whl")).stat().st_size
        code, seconds, printed = demo(programs, empty, leads)
        left = sorted(path.name for path in (empty / "demo-report").glob("*"))
    figures = {"figure": "the wheel alone runs the demo", "aim": "exit code 0", "leads": leads, "exit_code": code}
    more = {"seconds": round(seconds, 1), "wheel_bytes": size, "left_in_the_folder": left, "reached": code == 0}
    print(json.dumps(figures | more, ensure_ascii=False, indent=2))
    if code:
        raise SystemExit(printed[-3000:])


if __name__ == "__main__":
    main()
