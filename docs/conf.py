"""
How Sphinx builds the documentation, and pydoctor the API reference with it.

Nothing here needs the network: links into the documentation of Python and Twisted are made by
L{apireference}, not looked up.
"""

import os
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

from chat import __version__

_docs = Path(__file__).parent
_root = _docs.parent

project = "tcpchat"
author = "The tcpchat authors"
project_copyright = "The tcpchat authors"
version = release = __version__

exclude_patterns = ["_build", "examples"]
nitpicky = True
smartquotes = False
highlight_language = "none"

html_theme = "furo"
html_title = f"tcpchat {__version__}"
html_show_sourcelink = False
html_copy_source = False


def _buildReference(app: Sphinx) -> None:
    """
    What C{api.rst} points to. What pydoctor has to say is a warning of this build.
    """
    if app.builder.name != "html":
        return
    # A process of its own: pydoctor puts its directives in the place of Sphinx's.
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pydoctor", "--make-html", "--quiet"),
            "--project-name=tcpchat",
            f"--project-version={__version__}",
            "--project-url=../index.html",
            f"--project-base-dir={_root}",
            "--docformat=epytext",
            "--system-class=apireference.System",
            f"--html-output={app.outdir / 'api'}",
            str(_root / "chat"),
        ],
        env={**os.environ, "PYTHONPATH": str(_docs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in result.stdout.splitlines():
        getLogger(__name__).warning("pydoctor: %s", line)


def setup(app: Sphinx) -> None:
    """
    Called by Sphinx.
    """
    app.connect("builder-inited", _buildReference)
