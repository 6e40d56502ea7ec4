"""The command line: `python -m healthcode.alliance COMMAND FOLDER`; `--help` lists the commands.

ALLIANCE_KEY_SECRET opens the alliance's key; without it the terminal asks. Exit status 0 when it
was done, 1 when it was refused, 2 for a wrong use.
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
    """Runs one command and returns its exit status."""
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
        description="Keep the trust list of an alliance of issuers, and sign it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.add_argument("folder", metavar="FOLDER", type=Path)
        added.set_defaults(run=run)
        return added

    command("create", _create, "make an alliance: its key and a draft without members")
    command("prepare-key", _prepare_key, "make the alliance's next key, for verifiers to have")
    command("switch-key", _switch_key, "sign with the next key from now on")
    add = command("add", _add, "put an issuer into the draft, with the keys it publishes now")
    add.add_argument("issuer", metavar="ISSUER", help="its name in codes, such as CN-33")
    add.add_argument("address", metavar="ADDRESS", help="below it lies /.well-known/health-code/")
    add.add_argument("--title", required=True, help="who it is, for people")
    add.add_argument("--contact", required=True, help="whom to ask about it")
    add.add_argument(
        "--honours",
        type=_honours,
        default=issuers.HONOURED,
        help="what its colours are worth at best; default green=pass,yellow=caution,red=refuse",
    )
    renew = command("renew", _renew, "fetch the keys of members again, of all when none is named")
    renew.add_argument("issuers", metavar="ISSUER", nargs="*")
    remove = command("remove", _remove, "take an issuer out of the draft")
    remove.add_argument("issuer", metavar="ISSUER")
    command("difference", _difference, "show what the draft changes in the list last signed")
    sign = command("sign", _sign, "show the difference, and sign the draft as the next list")
    sign.add_argument("--days", type=int, default=7, help="how long it may be relied on")
    sign.add_argument("--published", help="address of the list that verifiers have")
    sign.add_argument("--yes", action="store_true", help="sign without asking")
    return parser


def _create(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.create(secret=_secret(), at=int(time.time()))
    print(
        f"Key {key.kid.hex()} speaks for the alliance. Verifiers get {folder.path}/alliance.json."
    )


def _prepare_key(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.prepare_key(secret=_secret(), at=int(time.time()))
    print(
        f"Key {key.kid.hex()} is prepared. Give {folder.path}/alliance.json to every verifier, "
        "then run switch-key and sign."
    )


def _switch_key(folder: Folder, _options: argparse.Namespace) -> None:
    key = folder.switch_key(secret=_secret(), at=int(time.time()))
    print(f"Key {key.kid.hex()} signs from now on. Sign the next list.")


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
    print("\n".join(lines or ["The members stay as they are."]))


def _sign(folder: Folder, options: argparse.Namespace) -> None:
    if not 1 <= options.days <= MOST_DAYS:
        raise AllianceError(f"A list is relied on for some days: from 1 to {MOST_DAYS}.")
    _difference(folder, options)
    published = _published(options.published) if options.published else None
    if not options.yes and not _agreed():
        raise AllianceError("Nothing was signed; --yes signs without asking.")
    at = int(time.time())
    until = at + options.days * DAY
    trust = folder.sign(secret=_secret(), at=at, until=until, published=published)
    ends = datetime.fromtimestamp(until).astimezone()
    print(f"List {trust.sequence} is in {folder.path}/trust.jws, until {ends:%Y-%m-%d %H:%M %z}.")


def _agreed() -> bool:
    return sys.stdin.isatty() and input("Sign this? [y/N] ").strip().lower() in {"y", "yes"}


def _published(address: str) -> bytes | None:
    return fetch(address, etag="", limit=LIST_LIMIT, reach=issuers.reach()).body


def _tell_keys(member: Issuer) -> None:
    names = ", ".join(key.kid.hex() for key in member.keys)
    print(f"{member.name} has the keys {names}. Compare them with its people before signing.")


def _member(draft: Mapping[str, Issuer], name: str) -> Issuer:
    if name not in draft:
        raise AllianceError(f"{name} is not in the draft.")
    return draft[name]


def _honours(text: str) -> Mapping[Colour, Outcome]:
    """`green=pass,red=refuse` as outcomes by colour."""
    try:
        return read_outcomes(dict(part.split("=") for part in text.split(",")))
    except CoreError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _secret() -> bytes:
    """Raises AllianceError where there is none and nobody to ask."""
    secret = os.environ.get("ALLIANCE_KEY_SECRET", "")
    if not secret and sys.stdin.isatty():
        secret = getpass.getpass("Secret of the alliance's key: ")
    if not secret:
        raise AllianceError("Set ALLIANCE_KEY_SECRET, which opens the alliance's key.")
    return secret.encode()


if __name__ == "__main__":
    sys.exit(main())
