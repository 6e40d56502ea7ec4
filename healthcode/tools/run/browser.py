"""Find a Chromium for the tests, or install Debian's where this is possible.

`python -m healthcode.tools.run.browser` prints which one it found, or what to do.
"""

import os
import shutil
import sys
from pathlib import Path

from healthcode.tools.run import debian
from healthcode.tools.run.children import LocalError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without a Chinese font, screenshots show boxes instead of characters.
_DEBIAN_PACKAGES = ("chromium", "fonts-wqy-zenhei")


def find() -> str | None:
    """Return the path of a Chromium: CHROMIUM, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def ensure() -> str:
    """Return the path of a Chromium; install Debian's package if there is none.

    Raises:
        LocalError: there is none and none can be installed. The sentence says what to do.
    """
    path = find()
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            debian.ensure(*_DEBIAN_PACKAGES)
        except LocalError as problem:
            print(problem, file=sys.stderr)
        path = find()
    if path is None:
        raise LocalError(
            "The tests need Chromium: install it (as root: apt-get install chromium), or run "
            ".venv/bin/playwright install chromium, or set CHROMIUM to the path of one."
        )
    return path


def main() -> int:
    """Print the browser's path; return the exit status."""
    try:
        print(f"The browser for the tests: {ensure()}")
    except LocalError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
