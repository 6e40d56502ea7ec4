"""`python -m healthcode.tools.run.debian NAME …`: install Debian packages, where possible."""

import os
import shutil
import subprocess
import sys

from healthcode.tools.run.children import LocalError


def ensure(*packages: str) -> None:
    """Install the packages that are missing.

    Raises:
        LocalError: they cannot be installed. The sentence says what to do.
    """
    missing = [package for package in packages if not _is_installed(package)]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LocalError(f"{names} must be installed. On Debian, as root: apt-get install {names}")
    print(f"Installing {names}. This takes a few minutes, but only once …", flush=True)
    install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing]
    for command in (["apt-get", "update", "-qq"], install):
        result = subprocess.run(  # noqa: S603 - fixed commands
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise LocalError(f"{names} cannot be installed: {result.stderr.strip()}")


def _is_installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return False
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    found = subprocess.run(query, capture_output=True, text=True)  # noqa: S603 - fixed command
    return found.stdout == "installed"


def main(*packages: str) -> int:
    """Install the packages; return the exit status."""
    try:
        ensure(*packages)
    except LocalError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
