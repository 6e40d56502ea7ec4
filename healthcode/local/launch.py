"""Run a command that ends when its parent ends, as another user where one is named.

`python -I -S launch.py PARENT SIGNAL USER COMMAND...` replaces itself by COMMAND. A file of its
own, without imports from the project, because a process that has threads must not change its user
between fork and exec.

PostgreSQL refuses to run as root. Under root it runs as USER ("" keeps the user), who may lack the
right to pass through folders such as /root; of root's powers exactly that one is kept for it
(CAP_DAC_READ_SEARCH, or CAP_DAC_OVERRIDE where a container has only that), so that no folder's
permissions need changing.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAP_AMBIENT = 1, 8, 23, 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    result = int(_libc.prctl(option, *padded))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} failed")
    return result


def _keep_only(capability: int) -> None:
    """Make `capability` the only power this process and what it runs have."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if _libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def become(user: str) -> None:
    """Give up root for `user`, keeping the power to pass through folders where there is one."""
    entry = pwd.getpwnam(user)
    available = [
        capability
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
        if _prctl(PR_CAPBSET_READ, capability)
    ]
    _prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if available:
        _keep_only(available[0])


def main(arguments: list[str]) -> None:
    """Drop root if asked to, tie this process to its parent, become the command."""
    parent, signal_number, user, *command = arguments
    if user:
        become(user)
    # After the change of user, which would undo it.
    _prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != int(parent):
        sys.exit("The process that asked for this command is gone.")
    try:
        os.execv(command[0], command)  # noqa: S606 - the command comes from our own code
    except PermissionError:
        sys.exit(
            f"{command[0]} cannot be run as {user or 'this user'}: let others pass through the "
            "folders above it (chmod o+x), or run this as an ordinary user."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
