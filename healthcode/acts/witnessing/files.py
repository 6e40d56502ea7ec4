"""Read the files that say whose log this service cosigns, and who cosigns its own.

They are policies in the form of C2SP tlog-policy. They are read anew each time, so that a change
counts at once and all processes agree.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from healthcode.acts.log.errors import LogFault
from healthcode.core.errors import CoreError
from healthcode.core.log.notes import NoteKey
from healthcode.core.log.policies import NONE, LogPolicy, parse_policy

SECURE: Final = "https://"
PLAIN: Final = "http://"


def watched_logs() -> LogPolicy:
    """Return the logs that this service cosigns; none without WITNESSED_LOGS.

    Raises LogFault if the file cannot be read, or requires witnesses.
    """
    policy = _read("WITNESSED_LOGS")
    if policy.quorum.least:
        raise LogFault(
            "WITNESSED_LOGS names a file with a quorum, but a witness waits for no other witness: "
            "write the line quorum none."
        )
    return policy


def own_policy() -> LogPolicy:
    """Return who cosigns this log, and how many must; nobody without LOG_POLICY. It names no logs.

    Raises LogFault if the file cannot be read, names a log, or does not say where a witness is.
    """
    policy = _read("LOG_POLICY")
    if policy.logs:
        raise LogFault(
            f"LOG_POLICY names a file with a line log {policy.logs[0].name}: remove the line, "
            "because the service adds its own keys."
        )
    prefixes = (SECURE, PLAIN) if settings.FETCH_PRIVATE else (SECURE,)
    for name in policy.witnesses:
        if not policy.urls.get(name, "").startswith(prefixes):
            raise LogFault(
                f"LOG_POLICY names a file whose line witness {name} has no address that begins "
                "with https://: write the address of the witness after its key."
            )
    return policy


def published_policy(own_keys: Iterable[NoteKey], *, url: str) -> bytes:
    """Return the policy by which everybody can check this log: its keys, `url`, and LOG_POLICY.

    Raises LogFault if the file cannot be used.
    """
    lines = "".join(f"log {key} {url}\n" for key in own_keys)
    own_policy()
    path = settings.LOG_POLICY
    witnesses = Path(path).read_text("utf-8") if path else f"quorum {NONE}\n"
    return (lines + witnesses).encode()


def faults() -> Iterator[str]:
    """Yield a sentence for each of the two files that cannot be used."""
    for read in (watched_logs, own_policy):
        try:
            read()
        except LogFault as fault:
            yield str(fault)


def _read(setting: str) -> LogPolicy:
    path = getattr(settings, setting)
    if not path:
        return LogPolicy(())
    try:
        return parse_policy(Path(path).read_bytes())
    except (OSError, CoreError) as error:
        raise LogFault(f"{setting} names a file that is not a policy of a log: {error}") from error
