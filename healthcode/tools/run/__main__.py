"""`python -m healthcode.tools.run`: run the whole service on one machine, for `make run`.

It reads these environment variables: VAR (folder for its data, default var/), PORT (default 8000),
HOST (default 127.0.0.1), BASE_URL (default http://HOST:PORT), DATABASE_URL and BROKER_URL (to use
your own servers).
"""

import os
import sys
from pathlib import Path

from healthcode.tools.run import children, ports, stopping
from healthcode.tools.run import state as local_state
from healthcode.tools.run.console import Console
from healthcode.tools.run.service import PROJECT, Address, Service, end_predecessors, staff_url


def _address() -> Address:
    """Return the address to listen at.

    Raises:
        LocalError: HOST or PORT is wrong, or another program listens there.
    """
    host = os.environ.get("HOST") or "127.0.0.1"
    port = ports.read(os.environ.get("PORT") or "8000")
    ports.refuse_wrong(host, port)
    base_url = os.environ.get("BASE_URL") or f"http://{host}:{port}"
    return Address(host, port, base_url)


def _welcome(service: Service) -> str:
    """Return what to print: where the pages are, and how to log in."""
    base = service.address.base_url
    folder = service.state.folder
    demo = local_state.read_json(folder / "demo.json")
    passwords = local_state.read_json(folder / "passwords.json")
    phone, last4 = demo["resident"]["phone"], demo["resident"]["document_last4"]
    desk = staff_url(base)
    staff = [
        f"  staff      {desk}/staff/login   {name}  {word}" for name, word in passwords.items()
    ]
    return "\n".join(
        [
            "",
            f"The service runs at {base}",
            f"  resident   {base}/login   {phone}, document …{last4}; the log-in code appears here",
            *staff,
            "             officers and the administrator set up a passkey or an app the first time",
            f"  door       {base}/scanner",
            f"  the map    {base}/map",
            f"  API        {base}/api/docs",
            f"Tokens are in {folder / 'demo.json'}, logs in {service.state.logs}.",
            "Press Ctrl-C to stop the service.",
            "",
        ]
    )


def run() -> int:
    """Run the service until somebody asks it to stop; return the exit status."""
    folder = Path(os.environ.get("VAR") or PROJECT / "var").absolute()
    parent = os.getppid()
    return stopping.supervised(folder, lambda: _serve(folder, parent=parent))


def _serve(folder: Path, *, parent: int) -> None:
    end_predecessors(folder)
    address = _address()
    state = local_state.load(folder)
    service = Service(state, address, Console(state.logs))
    try:
        service.start()
        service.console.say(_welcome(service))
        while not children.is_parent_ending(parent):
            service.watch(seconds=0.5)
    finally:
        stopping.ignore()
        service.console.say("Stopping …")
        service.stop()
        service.console.close()


if __name__ == "__main__":
    sys.exit(run())
