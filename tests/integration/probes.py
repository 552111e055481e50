"""
Attempts of an attacker who has taken over the service. This is a program that runs within a
machine, by the Python of the service: nothing but the standard library is there.

It prints a JSON object: for each attempt the name of its error, the name of the signal that ended
it, or C{done}.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

# From linux/sched.h, linux/mount.h, linux/keyctl.h and linux/io_uring.h; the numbers of calls are
# those of x86-64 and, above 424, of every architecture.
_CLONE_NEWUSER = 0x10000000
_MS_BIND = 0x1000
_MCL_CURRENT = 1
_PTRACE_TRACEME = 0
_IO_URING_SETUP = 425

_HOME = Path(os.environ.get("STATE_DIRECTORY", "/var/lib"))
_RUNTIME = Path(os.environ.get("RUNTIME_DIRECTORY", "/run"))

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> None:
    if getattr(_libc, name)(*arguments) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _executeIn(directory: Path) -> Callable[[], None]:
    def execute() -> None:
        program = directory / "program"
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o700)
        os.execv(program, [str(program)])

    return execute


def _setSUID() -> None:
    program = _HOME / "suid"
    program.touch()
    program.chmod(0o4755)


def _writeTo(path: str) -> Callable[[], object]:
    return lambda: Path(path).write_text("taken")


def _read(path: str) -> Callable[[], object]:
    return Path(path).read_bytes


def _socket(family: int, kind: int, protocol: int = 0) -> Callable[[], object]:
    return lambda: socket.socket(family, kind, protocol).close()


ATTEMPTS: dict[str, Callable[[], object]] = {
    # Files, in directories where all users may write.
    "keep a file of its own": lambda: (_HOME / "own").write_text("kept"),
    "write elsewhere": _writeTo("/opt/shared/probe"),
    "write to its own programs": _writeTo("/opt/tcpchat/probe"),
    "make a cgroup": lambda: os.mkdir("/sys/fs/cgroup/probe"),
    "read a home": lambda: os.listdir("/root"),
    "read the temporary files of others": _read("/tmp/probe"),
    "execute what it keeps": _executeIn(_HOME),
    "execute what it has beside its sockets": _executeIn(_RUNTIME),
    "execute a temporary file": _executeIn(Path("/tmp")),
    "execute one that lasts": _executeIn(Path("/var/tmp")),
    "execute what is in memory": _executeIn(Path("/dev/shm")),
    "make a program that runs as its owner": _setSUID,
    "make a device": lambda: os.mknod(_HOME / "device", 0o020600, os.makedev(1, 1)),
    "see a device": lambda: os.stat("/dev/probe"),
    # Other processes.
    "see other processes": lambda: os.stat("/proc/1"),
    "see the kernel's settings": _read("/proc/sys/kernel/osrelease"),
    "signal other processes": lambda: os.kill(1, 0),
    # Rights.
    "become root": lambda: os.setresuid(0, 0, 0),
    "give a file away": lambda: os.chown(_HOME, 1, 1),
    "change the root": lambda: os.chroot("/"),
    "mount": lambda: _call("mount", b"/run", b"/mnt", None, _MS_BIND, None),
    "make a user namespace": lambda: _call("unshare", _CLONE_NEWUSER),
    "rename the machine": lambda: socket.sethostname("probe"),
    "run before all others": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "keep its memory from being swapped": lambda: _call("mlockall", _MCL_CURRENT),
    "trace": lambda: _call("ptrace", _PTRACE_TRACEME, 0, None, None),
    "use io_uring": lambda: _call("syscall", _IO_URING_SETUP, 1, ctypes.create_string_buffer(120)),
    # The network.
    "forge packets": _socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "listen to every packet": _socket(socket.AF_PACKET, socket.SOCK_DGRAM),
    "speak to the kernel": _socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "listen on a low port": lambda: socket.create_server(("127.0.0.1", 79)).close(),
}


def _outcome(attempt: Callable[[], object]) -> str:
    """
    @return: how an attempt ended, in a process of its own.
    """
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        return signal.Signals(-status).name
    return errno.errorcode[status] if status else "done"


if __name__ == "__main__":
    json.dump({name: _outcome(attempt) for name, attempt in ATTEMPTS.items()}, sys.stdout)
