"""The wheel carries everything that a run needs, and nothing of the workshop."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import b24kit

pytestmark = pytest.mark.slow

ROOT = Path(b24kit.__file__).parent.parent
NO_BACKEND = ("No matching distribution found for hatchling", "Failed to establish a new connection", "ConnectTimeout")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel as pip builds it of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet", "--wheel-dir", str(folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode and any(sign in built.stderr for sign in NO_BACKEND):
        pytest.skip("the build backend hatchling cannot be had from the package index")
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_playbooks_travel_as_they_are(wheel: zipfile.ZipFile) -> None:
    ours = {path.name: path.read_bytes() for path in (ROOT / "playbooks").glob("*.yaml")}
    place = "b24kit/playbook/shipped/"
    theirs = {name.removeprefix(place): wheel.read(name) for name in wheel.namelist() if name.startswith(place)}
    assert ours
    assert theirs == ours


def test_every_file_of_the_package_is_there_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    files = (path for path in (ROOT / "b24kit").rglob("*") if path.is_file() and path.suffix != ".pyc")
    ours = {path.relative_to(ROOT).as_posix() for path in files}
    assert {"b24kit/py.typed", "b24kit/i18n/cli.ru.toml", "b24kit/i18n/cli.en.toml"} <= ours
    info = f"b24kit-{b24kit.__version__}.dist-info/"
    theirs = {name for name in wheel.namelist() if not name.startswith((info, "b24kit/playbook/shipped/"))}
    assert theirs == ours


def test_the_label_names_version_command_and_licence(wheel: zipfile.ZipFile) -> None:
    info = f"b24kit-{b24kit.__version__}.dist-info"
    label = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
    assert (label["Name"], label["Version"]) == ("b24kit", b24kit.__version__)
    assert "b24kit = b24kit.cli.app:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert any("/licenses/LICENSE" in name for name in wheel.namelist())
    always = [text for text in label.get_all("Requires-Dist", []) if "extra ==" not in text]
    assert not [text for text in always if text.startswith(("pytest", "mypy", "ruff", "b24pysdk", "fast_bitrix24"))]
