"""
Makes what is installed for man and for shells: manual pages, and completion for bash and zsh.

All of it comes from the values of which C{--help} is printed; only sections of manual pages that
C{--help} lacks are written here. A test fails while a file in C{share/} is not as this makes it::

    python tools/manuals.py
"""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from chat.cli.options import MANUAL as CLIENT
from chat.options import MANUAL as SERVICE
from chat.rendering.manual import Manual, OptionHelp

SHARE = Path(__file__).parents[1] / "share"

_CLIENT_SECTIONS = r"""
.SH EXAMPLES
.TP
.B tcpchat \-\-nick alice
Join the server on this machine.
.TP
.B tcpchat \-\-tls chat.example.org 8443
Join another server over TLS, and verify its certificate.
.TP
.B uptime | tcpchat \-\-nick uptime
Send the output of a program.
.SH ENVIRONMENT
.TP
.B TCPCHAT_PASSWORD
The password of the account
.BR \-\-nick .
.TP
.B NO_COLOR
If set and not empty, no colours are used.
.TP
.BR LC_ALL ", " LC_MESSAGES ", " LANG
The language of notices and of
.BR \-\-help .
.SH SEE ALSO
.BR tcpchat (8)
"""

_SERVICE_SECTIONS = r"""
.SH SIGNALS
.TP
.B SIGTERM
Notify all users, write pending data to the disk, and exit.
.TP
.B SIGHUP
Reload bans, certificates and the message of the day.
.TP
.B SIGUSR1
Reopen the files of the log and the transcript after their rotation.
.SH FILES
.TP
.I tcpchat.sqlite3
The database; beside it are its write\-ahead log,
.IR tcpchat.sqlite3\-wal ,
and the lock file,
.IR tcpchat.sqlite3.lock .
.SH ENVIRONMENT
.TP
.B STATE_DIRECTORY
The directory of the database, as set by systemd.
.TP
.BR LC_ALL ", " LC_MESSAGES ", " LANG
The language of
.BR \-\-help ;
that of the service is
.BR \-\-language .
.SH EXAMPLES
.TP
.B twistd \-\-nodaemon \-\-pidfile= tcpchat \-\-port 8080 \-\-operator alice
Run in the foreground.
.TP
.B printf \(aq/help\(rsn/quit\(rsn\(aq | nc localhost 8080
Check that it answers.
.SH SEE ALSO
.BR tcpchat (1),
.BR twistd (1)
"""


# When the sections above were last changed.
_DATE = "2026-12-01"


def _escaped(text: str) -> str:
    """Text for roff, with a minus that can be copied."""
    return text.replace("\\", r"\(rs").replace("-", r"\-").replace("'", r"\(aq")


def _filled(text: str) -> str:
    """A paragraph for roff, which takes a line that begins with a point for a request."""
    rows = textwrap.wrap(_escaped(text), 78, break_on_hyphens=False)
    return "\n".join(r"\&" + row if row.startswith(".") else row for row in rows)


def page(name: str, section: int, manual: Manual, others: str) -> str:
    """
    @param others: the sections that the manual lacks, as roff.
    @return: a manual page, see groff_man(7).
    """
    command, _, arguments = manual.synopsis.partition(" ")
    lines = [
        '.\\" Made by tools/manuals.py.',
        f".TH {name.upper()} {section} {_DATE} tcpchat",
        ".SH NAME",
        f"{name} \\- {_escaped(_asPhrase(manual.summary))}",
        ".SH SYNOPSIS",
        f".B {command}",
        _escaped(arguments),
        ".SH OPTIONS",
    ]
    for group in manual.groups:
        lines.append(f".SS {group.title}")
        for option in group.options:
            names = [f"\\fB{_escaped(each)}\\fR" for each in option.names]
            value = f"\\fI{_escaped(option.value)}\\fR" if option.value else ""
            help = f"{option.help} [default: {option.default}]" if option.default else option.help
            lines += [".TP", " ".join(filter(None, [", ".join(names), value])), _filled(help)]
    for title, paragraph in manual.notes:
        lines += [f".SH {title.upper()}", _filled(paragraph)]
    return "\n".join(lines) + others


def _asPhrase(sentence: str) -> str:
    """A sentence as the line of whatis(1) has it."""
    return sentence.removeprefix("The ").removeprefix("A ").removesuffix(".")


def _optionsOf(manual: Manual) -> list[OptionHelp]:
    return [option for group in manual.groups for option in group.options]


def bash(function: str, manual: Manual, after: str = "") -> str:
    """
    @param function: the name of the function.
    @param after: the word from which on the options are those of the manual; before it the shell
        completes as usual.
    @return: completion for bash, see its section Programmable Completion.
    """
    named = [option for option in _optionsOf(manual) if option.names]
    files = [name for option in named if option.takesFile for name in option.names]
    others = [
        name
        for option in named
        if option.value and not option.takesFile and not option.choices
        for name in option.names
    ]
    lines = [f"{function}()", "{"]
    if after:
        lines.append(f'    [[ " ${{COMP_WORDS[*]:1:COMP_CWORD-1}} " == *" {after} "* ]] || return')
    lines += [
        "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}",
        "    # bash takes --name=value for three words.",
        "    if [[ $current == = ]]; then",
        "        current=",
        "    elif [[ $before == = ]]; then",
        "        before=${COMP_WORDS[COMP_CWORD-2]}",
        "    fi",
        "    COMPREPLY=()",
        "    case $before in",
        f"        {'|'.join(files)})",
        "            compopt -o filenames",
        '            mapfile -t COMPREPLY < <(compgen -f -- "$current")',
        "            return",
        "            ;;",
    ]
    for option in named:
        if option.choices and not option.takesFile:
            lines += [
                f"        {'|'.join(option.names)})",
                f'            mapfile -t COMPREPLY < <(compgen -W "{" ".join(option.choices)}"'
                ' -- "$current")',
                "            return",
                "            ;;",
            ]
    lines += [f"        {'|'.join(others)})", "            return", "            ;;", "    esac"]
    words = " ".join(name for option in named for name in option.names)
    lines += [
        "    if [[ $current == -* ]]; then",
        f'        mapfile -t COMPREPLY < <(compgen -W "{words}" -- "$current")',
    ]
    if not after:
        lines += ["    else", '        mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")']
    return "\n".join([*lines, "    fi", "}", ""])


def zsh(manual: Manual) -> str:
    """
    @return: completion for zsh, see zshcompsys(1).
    """
    specs = list(_specs(manual))
    return " \\\n    ".join(["_arguments", *specs]) + "\n"


def _specs(manual: Manual) -> Iterator[str]:
    places = 0
    for option in _optionsOf(manual):
        about = option.help.replace("[", r"\[").replace("]", r"\]").replace(":", r"\:")
        if not option.names:
            places += 1
            yield f"'{places}:{option.value}:{'_hosts' if option.value == 'HOST' else ''}'"
            continue
        action = ""
        if option.value:
            choices = f"({' '.join(option.choices)})" if option.choices else ""
            action = f":{option.value}:{'_files' if option.takesFile else choices}"
        for name in option.names:
            equals = "=" if option.value and name.startswith("--") else ""
            # Those that end the program go with nothing else.
            before = "(- *)" if name in ("-h", "--help", "--version") else ""
            yield f"'{before}{name}{equals}[{about}]{action}'"


def made() -> Mapping[str, str]:
    """
    @return: the text of each file below L{SHARE}.
    """
    return {
        "man/man1/tcpchat.1": page("tcpchat", 1, CLIENT, _CLIENT_SECTIONS),
        "man/man8/tcpchat.8": page("tcpchat", 8, SERVICE, _SERVICE_SECTIONS),
        "bash-completion/completions/tcpchat": (
            "# Made by tools/manuals.py.\n"
            + bash("_tcpchat", CLIENT)
            + "complete -F _tcpchat tcpchat\n"
        ),
        "bash-completion/completions/twistd": (
            "# Made by tools/manuals.py: the options behind the word tcpchat.\n"
            + bash("_twistd_tcpchat", SERVICE, after="tcpchat")
            + "complete -o bashdefault -o default -F _twistd_tcpchat twistd\n"
        ),
        # That of twistd comes with zsh, and asks the service itself.
        "zsh/site-functions/_tcpchat": "#compdef tcpchat\n# Made by tools/manuals.py.\n"
        + zsh(CLIENT),
    }


def main() -> None:
    """
    Write them.
    """
    for name, text in made().items():
        path = SHARE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
