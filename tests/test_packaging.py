"""
The wheel and the sdist hold the project and nothing else, and each can be installed and run.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import chat

ROOT = Path(__file__).parents[1]


def _run(*command: str | Path, directory: Path) -> str:
    # Neither the checkout nor its tests may be found by chance.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    @return: A directory with the sdist, and the wheel that was built from it.
    """
    # A copy in which files lie about that must not go into either.
    source = tmp_path_factory.mktemp("source") / "tcpchat"
    # Files that other processes may be writing just now are not copied.
    others = [".git", ".venv", ".hypothesis", ".*_cache", "__pycache__", "build", "_build"]
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*others))
    for unwanted in [
        "twisted/plugins/dropin.cache",
        "twisted/plugins/another_plugin.py",
        "chat/__pycache__/tap.cpython-311.pyc",
        "docs/_build/index.html",
    ]:
        (source / unwanted).parent.mkdir(exist_ok=True)
        (source / unwanted).write_text("")
    built = tmp_path_factory.mktemp("built")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", built, directory=source)
    return built


def _filesOfWheel(distributions: Path) -> set[str]:
    [wheel] = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _filesOfSdist(distributions: Path) -> set[str]:
    [sdist] = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = [member.name for member in archive.getmembers() if member.isfile()]
    return {name.partition("/")[2] for name in files}


def _filesBelow(*directories: str) -> Iterator[str]:
    for directory in directories:
        for path in (ROOT / directory).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(ROOT))


def test_noPackageBelowTwisted() -> None:
    """
    An C{__init__.py} there would hide Twisted, or the plugins of other projects.
    """
    assert list((ROOT / "twisted").rglob("__init__.py")) == []


def test_wheelHoldsThePackageOnePluginAndWhatIsShared(distributions: Path) -> None:
    found = {name for name in _filesOfWheel(distributions) if ".dist-info/" not in name}
    files = {re.sub(r"^tcpchat-[^/]+\.data/data/", "", name) for name in found}
    assert files == {*_filesBelow("chat", "share"), "twisted/plugins/tcpchat_plugin.py"}


def test_sdistHoldsTheProject(distributions: Path) -> None:
    files = _filesOfSdist(distributions)
    licences = {"LICENSE", "LICENSE.unicode"}
    assert (
        files >= {*_filesBelow("chat", "share", "systemd", "tests", "tools"), "Makefile"} | licences
    )
    assert files >= {"README.md", "README.zh_CN.md", "SECURITY.md", "Dockerfile", "compose.yaml"}
    below = {name for name in files if name.startswith("twisted/")}
    assert below == {"twisted/plugins/tcpchat_plugin.py"}
    assert not {name for name in files if "__pycache__" in name or name.startswith("docs/_build")}


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_installs(distributions: Path, tmp_path: Path, kind: str) -> None:
    """
    From any directory C{twistd} lists the service and the client can be run.
    """
    [distribution] = distributions.glob(kind)
    venv = tmp_path / "venv"
    _run(sys.executable, "-m", "venv", "--without-pip", venv, directory=tmp_path)
    python = venv / "bin/python"
    [packages] = venv.glob("lib/*/site-packages")
    # Dependencies, pip and hatchling come from the environment of the tests. The project does not:
    # it is editable there, by a .pth file, and Python reads none in a directory that a .pth adds.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--force-reinstall"]
    _run(python, "-m", "pip", "install", *options, distribution, directory=tmp_path)

    where = _run(python, "-c", "import chat; print(chat.__file__)", directory=tmp_path)
    assert Path(where.strip()).is_relative_to(packages)
    twistd = "from twisted.scripts.twistd import run; run()"
    listed = _run(python, "-c", twistd, "--help", directory=tmp_path)
    assert any(line.split()[:1] == ["tcpchat"] for line in listed.splitlines())
    assert chat.__version__ in _run(
        python, "-c", twistd, "tcpchat", "--version", directory=tmp_path
    )
    assert chat.__version__ in _run(venv / "bin/tcpchat", "--version", directory=tmp_path)
    # Where man and shells look beside a program.
    assert (venv / "share/man/man1/tcpchat.1").is_file()
    assert (venv / "share/bash-completion/completions/tcpchat").is_file()
