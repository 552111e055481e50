"""
The configuration of Sphinx, which builds these pages, and has pydoctor build the API reference.

Nothing here needs the network: L{apireference} makes the links into the documentation of Python and
Twisted, instead of looking them up.
"""

import os
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.logging import getLogger

from chat import __version__

_docs = Path(__file__).parent
_root = _docs.parent

project = "tcpchat"
author = "The tcpchat authors"
project_copyright = "The tcpchat authors"
version = release = __version__

extensions = ["myst_parser"]
# Headings have the addresses that code hosts give them, so one link works there and here.
myst_heading_anchors = 3

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
    Build the API reference, to which C{api.md} links. Whatever pydoctor prints is a warning.
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


def _leadToReference(app: Sphinx, page: nodes.document) -> None:
    """
    Have links to modules, which lead to their source on a code host, lead to the API reference.
    """
    for link in list(page.findall(addnodes.download_reference)):
        path = (_docs / link["reftarget"]).resolve().relative_to(_root)
        if path.parts[0] == "chat":
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            link.replace_self(nodes.reference("", "", *link.children, refuri=f"api/{module}.html"))


def setup(app: Sphinx) -> None:
    """
    Have the API reference built before the pages, and links into it made. Sphinx calls this.
    """
    app.connect("builder-inited", _buildReference)
    # Before Sphinx collects what these links would have readers download.
    app.connect("doctree-read", _leadToReference, priority=400)
