"""The command line: `python -m healthcode.alliance COMMAND FOLDER`; `--help` lists the commands.

The secret that decrypts the alliance's key is in ALLIANCE_KEY_SECRET; if it is absent, the terminal
asks for it. Exit status: 0 done, 1 refused, 2 wrong arguments.
"""

import argparse
import getpass
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from healthcode.alliance import issuers
from healthcode.alliance.folder import AllianceError, Folder
from healthcode.core import Colour, CoreError, Issuer, Outcome
from healthcode.core.trust_list import read_outcomes
from healthcode.web.days import MOST_DAYS
from verifier.recognition.fetching import FetchFailed, fetch

DAY: Final = 24 * 3600
LIST_LIMIT: Final = 2 * 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(Folder(options.folder), options)
    except (AllianceError, CoreError, FetchFailed, OSError) as error:
        print(f"healthcode.alliance: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m healthcode.alliance",
        description="Edit and sign the trust list of an alliance of issuers.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.add_argument("folder", metavar="FOLDER", type=Path)
        added.set_defaults(run=run)
        return added

    command("create", _create, "start an alliance: make its key and a draft without members")
    command("prepare-key", _prepare_key, "make the alliance's next key, to hand out to verifiers")
    command("switch-key", _switch_key, "use the next key for signing from now on")
    add = command("add", _add, "add an issuer to the draft, with the keys it publishes now")
    add.add_argument(
        "issuer", metavar="ISSUER", help="the issuer's name in its codes, such as CN-33"
    )
    add.add_argument(
        "address",
        metavar="ADDRESS",
        help="its address, to which /.well-known/health-code/ is added",
    )
    add.add_argument("--title", required=True, help="its name for people, such as Shanghai")
    add.add_argument("--contact", required=True, help="whom to ask about this issuer")
    add.add_argument(
        "--honours",
        type=_honours,
        default=issuers.HONOURED,
        help="best outcome of each of its colours; default green=pass,yellow=caution,red=refuse",
    )
    renew = command("renew", _renew, "fetch the keys of the named members again, or of all members")
    renew.add_argument("issuers", metavar="ISSUER", nargs="*")
    remove = command("remove", _remove, "remove an issuer from the draft")
    remove.add_argument("issuer", metavar="ISSUER")
    command("difference", _difference, "show how the draft differs from the list last signed")
    sign = command("sign", _sign, "show the difference, then sign the draft as the next list")
    sign.add_argument(
        "--days",
        type=int,
        default=7,
        help="for how many days the list is valid; default %(default)s",
    )
    sign.add_argument(
        "--published", help="address of the list that verifiers use; the new one must be newer"
    )
    sign.add_argument("--yes", action="store_true", help="sign without asking")
    return parser


def _create(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.create(secret=_secret(), at=int(time.time()))
    print(
        f"Key {key.kid.hex()} signs for the alliance. "
        f"Give {folder.path}/alliance.json to verifiers."
    )


def _prepare_key(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.prepare_key(secret=_secret(), at=int(time.time()))
    print(
        f"Key {key.kid.hex()} is the next key. Give {folder.path}/alliance.json to every verifier, "
        "then run switch-key and sign."
    )


def _switch_key(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.switch_key(secret=_secret(), at=int(time.time()))
    print(f"Key {key.kid.hex()} signs from now on. Now sign the next list.")


def _add(folder: Folder, options: argparse.Namespace) -> None:
    metadata = issuers.metadata_address(options.address)
    member = Issuer(
        name=options.issuer,
        keys=issuers.published_keys(options.issuer, metadata),
        honours=options.honours,
        status_lists=(metadata,),
        title=options.title,
        contact=options.contact,
    )
    folder.write_draft({**folder.draft(), member.name: member})
    _tell_keys(member)


def _renew(folder: Folder, options: argparse.Namespace) -> None:
    draft = dict(folder.draft())
    for name in options.issuers or sorted(draft):
        before = _member(draft, name)
        draft[name] = issuers.renewed(before)
        if draft[name].keys != before.keys:
            _tell_keys(draft[name])
    folder.write_draft(draft)


def _remove(folder: Folder, options: argparse.Namespace) -> None:
    draft = dict(folder.draft())
    _member(draft, options.issuer)
    del draft[options.issuer]
    folder.write_draft(draft)


def _difference(folder: Folder, _options: argparse.Namespace) -> None:
    lines = list(folder.differences(at=int(time.time())))
    print("\n".join(lines or ["The draft has the same members as the list last signed."]))


def _sign(folder: Folder, options: argparse.Namespace) -> None:
    if not 1 <= options.days <= MOST_DAYS:
        raise AllianceError(f"A list is valid for 1 to {MOST_DAYS} days.")
    _difference(folder, options)
    published = _published(options.published) if options.published else None
    if not options.yes and not _agreed():
        raise AllianceError("Nothing was signed. Use --yes to sign without being asked.")
    at = int(time.time())
    until = at + options.days * DAY
    trust = folder.sign(secret=_secret(), at=at, until=until, published=published)
    ends = datetime.fromtimestamp(until).astimezone()
    print(
        f"List {trust.sequence} is in {folder.path}/trust.jws, "
        f"valid until {ends:%Y-%m-%d %H:%M %z}."
    )


def _agreed() -> bool:
    return sys.stdin.isatty() and input("Sign this? [y/N] ").strip().lower() in {"y", "yes"}


def _published(address: str) -> bytes | None:
    return fetch(address, etag="", limit=LIST_LIMIT, reach=issuers.reach()).body


def _tell_keys(member: Issuer) -> None:
    names = ", ".join(key.kid.hex() for key in member.keys)
    print(f"{member.name} has the keys {names}. Compare them with its staff before you sign.")


def _member(draft: Mapping[str, Issuer], name: str) -> Issuer:
    if name not in draft:
        raise AllianceError(f"{name} is not in the draft.")
    return draft[name]


def _honours(text: str) -> Mapping[Colour, Outcome]:
    """Read `green=pass,red=refuse` as outcomes by colour."""
    try:
        return read_outcomes(dict(part.split("=") for part in text.split(",")))
    except CoreError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _secret() -> bytes:
    """Return the secret of the alliance's key.

    Raises AllianceError when it is not set and there is no terminal to ask.
    """
    secret = os.environ.get("ALLIANCE_KEY_SECRET", "")
    if not secret and sys.stdin.isatty():
        secret = getpass.getpass("Secret of the alliance's key: ")
    if not secret:
        raise AllianceError("Set ALLIANCE_KEY_SECRET to the secret of the alliance's key.")
    return secret.encode()


if __name__ == "__main__":
    sys.exit(main())
