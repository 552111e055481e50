"""
Fuzzing with atheris, which looks for inputs that take new ways through the code.
C{pip install atheris} first; then, from the directory of the project::

    python -m tests.fuzz TARGET [-max_total_time=60] [-jobs=2] [DIRECTORY] [FILE ...]

The arguments are those of libFuzzer.  Inputs that are worth keeping are written into C{DIRECTORY},
where it exists; an input that has failed is written into C{crash-...}, and running that file again
shows it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

TARGETS = ["framing", "telnet", "commands", "text", "conversation"]

MAX_LENGTH = 4096
"""How many bytes an input has at most, unless C{-max_len} is given."""


def main(arguments: list[str]) -> int:
    """
    @param arguments: What has been typed after the name of the program.
    @return: The exit status.  Where the fuzzer runs, it does not return.
    """
    if not arguments or arguments[0] not in TARGETS:
        print(f"usage: python -m tests.fuzz {'|'.join(TARGETS)} [libFuzzer's arguments]")
        return 2
    name, *rest = arguments
    with atheris.instrument_imports(include=["chat"]):
        target = import_module(f"tests.fuzz.{name}")
    with TemporaryDirectory() as seeds:
        for number, seed in enumerate(target.SEEDS):
            Path(seeds, f"seed-{number}").write_bytes(seed)
        # A file that is named is run, and nothing else.
        isRun = any(Path(argument).is_file() for argument in rest)
        begun = [f"tests.fuzz {name}", f"-max_len={MAX_LENGTH}"]
        atheris.Setup([*begun, *rest, *([] if isRun else [seeds])], target.oneInput)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
