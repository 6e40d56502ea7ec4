"""The command line: `python -m healthcode.core verify | decode | inspect | prove | grants`.

The exit status is 0 if all codes passed (or could be read, or the proof holds), 1 if some did not,
and 2 if the command was used wrongly. The program prints one JSON object for each line of input,
and has only one line of input in memory at a time.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from healthcode.core import document_signers, explain, strict_json, trust_list
from healthcode.core.errors import CoreError, MalformedTrustList
from healthcode.core.instants import read_instant
from healthcode.core.keys import parse_jwk_set
from healthcode.core.log import grants
from healthcode.core.log.policies import parse_policy
from healthcode.core.log.proofs import parse_proof, prove
from healthcode.core.rules import Rules, parse_rules
from healthcode.core.schemes import SCHEMES, decode_any, verify
from healthcode.core.status import Statuses
from healthcode.core.trust import Trust

ALL_WELL, SOME_NOT, WRONG_USE = 0, 1, 2
MAX_LINE_BYTES: Final = 1 << 14
"""Longer than any code; the program skips the rest of a longer line."""
_TO_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        status: int = options.run(options)
    except (CoreError, OSError) as error:
        print(f"healthcode.core: {error}", file=sys.stderr)
        return WRONG_USE
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m healthcode.core",
        description="Verify health codes with public keys alone, without a network.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("verify", help="judge codes and print one JSON object for each")
    _add_knowledge(add)
    add.add_argument("--status", metavar="FILE", nargs="+", action="extend", default=[])
    add.add_argument("--rules", metavar="FILE", help="rules of the door (JSON)")
    add.add_argument(
        "--certificates", metavar="FILE", help="PEM with the signers of HC1 certificates"
    )
    _add_codes(add, _verify)
    _add_codes(
        commands.add_parser("decode", help="print what codes say, without verifying them"), _decode
    )
    add = commands.add_parser("inspect", help="explain a trust list or a status list")
    _add_knowledge(add)
    add.add_argument("file", metavar="FILE")
    add.set_defaults(run=_inspect)
    _add_prove(commands.add_parser("prove", help="check the proof that an act is in a public log"))
    _add_grants(commands.add_parser("grants", help="list published grants, and which are proven"))
    return parser


def _add_prove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the proof (C2SP tlog-proof)")
    _add_policy(parser)
    parser.set_defaults(run=_prove)


def _add_grants(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="grants.json, as the service publishes it")
    parser.add_argument(
        "--log", metavar="FOLDER", required=True, help="the files of the log: checkpoint, tile/…"
    )
    _add_policy(parser)
    parser.set_defaults(run=_grants)


def _add_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        metavar="FILE",
        required=True,
        help="which keys and witnesses to believe (C2SP tlog-policy)",
    )
    _add_time(parser)


def _add_knowledge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trust", metavar="FILE", help="trust list (JWS), or its JSON content")
    parser.add_argument(
        "--alliance", metavar="FILE", help="JWK set with the keys that sign trust lists"
    )
    _add_time(parser)


def _add_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at", metavar="TIME", type=_time, help="RFC 3339 or seconds since 1970; default: now"
    )


def _add_codes(parser: argparse.ArgumentParser, run: object) -> None:
    parser.add_argument(
        "code",
        metavar="CODE",
        nargs="?",
        help="the code; - or nothing reads one code a line from stdin",
    )
    parser.set_defaults(run=run)


def _verify(options: argparse.Namespace) -> int:
    at = _at(options)
    trust = _trust(options, at)
    code, names = _after_files(options.code, options.status)
    tokens = [Path(name).read_bytes() for name in names]
    status = Statuses.load(tokens, trust=trust, at=at)
    rules = parse_rules(_json(options.rules)) if options.rules else Rules()
    worst = ALL_WELL
    for text in _codes(code):
        verdict = verify(text, trust=trust, status=status, rules=rules, at=at)
        _print(explain.verdict(verdict))
        if verdict.outcome != "pass":
            worst = SOME_NOT
    return worst


def _decode(options: argparse.Namespace) -> int:
    worst = ALL_WELL
    for text in _codes(options.code):
        try:
            _print(explain.signed(decode_any(text)))
        except CoreError as error:
            _print({"error": str(error)})
            worst = SOME_NOT
    return worst


def _inspect(options: argparse.Namespace) -> int:
    at = _at(options)
    data = Path(options.file).read_bytes()
    trust = _trust(options, at) if options.trust else None
    alliance = _alliance(options) if options.alliance else None
    explanation = explain.published(data, alliance=alliance, trust=trust, at=at)
    print(json.dumps(explanation, ensure_ascii=False, indent=2))
    return ALL_WELL if explanation["genuine"] is not False else SOME_NOT


def _prove(options: argparse.Namespace) -> int:
    policy = parse_policy(strict_json.without_mark(Path(options.policy).read_bytes()))
    data = Path(options.file).read_bytes()
    try:
        proof = parse_proof(data)
        explanation = explain.proven(prove(proof, policy, _at(options)), proof.record)
    except CoreError as error:
        _print({"proven": False, "why": str(error)})
        return SOME_NOT
    print(json.dumps(explanation, ensure_ascii=False, indent=2))
    return ALL_WELL


def _grants(options: argparse.Namespace) -> int:
    policy = parse_policy(strict_json.without_mark(Path(options.policy).read_bytes()))
    leaves = grants.read_leaves(Path(options.log), policy, _at(options))
    worst = ALL_WELL
    for told in grants.compare(_json(options.file), leaves):
        _print(told)
        if told.get("proven") is False:
            worst = SOME_NOT
    return worst


def _at(options: argparse.Namespace) -> int:
    return int(time.time()) if options.at is None else int(options.at)


def _time(text: str) -> int:
    if text.isascii() and text.isdecimal():
        return int(text)
    return int(read_instant(text).timestamp())


def _trust(options: argparse.Namespace, at: int) -> Trust:
    """Read the trust from the files.

    Plain JSON is believed as it is, a signed list by its signature.
    """
    certified = _certified(options)
    if options.trust is None:
        return Trust(certified, as_of=at)
    data = Path(options.trust).read_bytes()
    document = strict_json.without_mark(data)
    if document.lstrip().startswith(b"{"):
        trust = trust_list.read(strict_json.load(document, MalformedTrustList))
    elif options.alliance is None:
        raise MalformedTrustList("a signed trust list needs --alliance, the keys that sign it")
    else:
        trust = trust_list.parse_trust_list(data, _alliance(options), at)
    return Trust({**certified, **trust.issuers}, trust.as_of, trust.expires_at, trust.sequence)


def _certified(options: argparse.Namespace) -> Mapping[str, Any]:
    name = getattr(options, "certificates", None)
    if not name:
        return {}
    issuers, left_out = document_signers.issuers(Path(name).read_bytes())
    for sentence in left_out:
        print(f"healthcode.core: {name}: {sentence}", file=sys.stderr)
    return issuers


def _alliance(options: argparse.Namespace) -> tuple[Any, ...]:
    return parse_jwk_set(_json(options.alliance))


def _json(name: str) -> bytes:
    return strict_json.without_mark(Path(name).read_bytes())


def _after_files(code: str | None, names: list[str]) -> tuple[str | None, list[str]]:
    """Separate the code from the files of `--status FILE ... CODE`, which argparse mixes up."""
    if code is None and names and (names[-1] == "-" or names[-1][:4] in SCHEMES):
        return names[-1], names[:-1]
    return code, names


def _codes(argument: str | None) -> Iterator[str]:
    if argument not in (None, "-"):
        yield argument
    else:
        yield from _lines(sys.stdin.buffer)


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a stream without their ends, each cut at a length that no code reaches."""
    while line := stream.readline(MAX_LINE_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(MAX_LINE_BYTES)):
            pass
        yield line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def _print(value: Mapping[str, Any]) -> None:
    print(_TO_JSON.encode(value))
