"""Run a command as USER, and end it when its parent ends.

`python -I -S launch.py PARENT SIGNAL USER COMMAND...` replaces itself by COMMAND. It runs as a new
process, because a process with threads must not change its user between fork and exec. With `-I -S`
Python finds no packages, so the file imports nothing from the project.

PostgreSQL refuses to run as root. So if root starts the service, PostgreSQL runs as USER. If USER
is "", the user does not change. USER may lack the permission to pass through folders such as /root.
Then the command keeps one capability of root: CAP_DAC_READ_SEARCH, or CAP_DAC_OVERRIDE if the
container has only that. So nobody has to change the permissions of a folder.
"""

import ctypes
import os
import pwd
import stat
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_CAPBSET_READ, PR_SET_SECUREBITS, PR_CAP_AMBIENT = 1, 23, 28, 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    result = int(_libc.prctl(option, *padded))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")
    return result


def _keep_only(capabilities: list[int]) -> None:
    """Make these the only capabilities of this process and of what it runs."""
    bits = sum(1 << capability for capability in capabilities)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
    if _libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")
    for capability in capabilities:
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def become(user: str, *, reaching: list[Path]) -> None:
    """Give up root for `user`. Keep the capability to pass through folders if `reaching` needs it.

    Raises:
        PermissionError: even root lacks this capability.
    """
    entry = pwd.getpwnam(user)
    kept: list[int] = []
    if not all(_is_open_to_all(path) for path in reaching):
        powers = (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
        kept = [power for power in powers if _prctl(PR_CAPBSET_READ, power)][:1]
        # The kept capability then also counts in access(2), by which PostgreSQL finds its own
        # programs.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if kept:
        _keep_only(kept)


def _is_open_to_all(path: Path) -> bool:
    """Return whether everybody may pass through all folders above `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def main(arguments: list[str]) -> None:
    """Drop root if asked to, tie this process to its parent, and replace it by the command."""
    parent, signal_number, user, *command = arguments
    try:
        if user:
            become(user, reaching=[Path(command[0]), Path.cwd()])
        # This comes after the change of user, which would undo it.
        _prctl(PR_SET_PDEATHSIG, int(signal_number))
        if os.getppid() != int(parent):
            sys.exit("The process that started this command has ended.")
        os.execv(command[0], command)  # noqa: S606 - the command comes from our own code
    except PermissionError:
        sys.exit(
            f"{command[0]} cannot be run as {user or 'this user'}: allow others to pass through "
            "the folders above it and above the state folder (chmod o+x), or run this as an "
            "ordinary user."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
