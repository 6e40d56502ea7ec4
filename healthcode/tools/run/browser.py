"""Find a Chromium for the tests, installing Debian's where that is allowed.

`python -m healthcode.tools.run.browser` says which one it is, or what to do.
"""

import os
import shutil
import sys
from pathlib import Path

from healthcode.tools.run import debian
from healthcode.tools.run.children import LocalError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without a font for Chinese its characters are boxes on a screenshot.
_DEBIAN_PACKAGES = ("chromium", "fonts-wqy-zenhei")


def find() -> str | None:
    """The path of a Chromium on this machine: CHROMIUM, the system's, or Playwright's own."""
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
    """The path of a Chromium, installed from Debian's packages when there is none.

    Raises:
        LocalError: when there is none and none can be installed; the sentence says what to do.
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
            "The tests need a browser: install Chromium (as root: apt-get install chromium), or "
            "run .venv/bin/playwright install chromium, or set CHROMIUM to the path of one."
        )
    return path


def main() -> int:
    """Print the browser's path; the exit status."""
    try:
        print(f"The browser for the tests: {ensure()}")
    except LocalError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
