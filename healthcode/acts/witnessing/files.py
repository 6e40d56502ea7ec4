"""Read the file that says whose log this service cosigns.

It is a policy in the form of C2SP tlog-policy. It is read anew each time, so that a change counts
at once and all processes agree.
"""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from healthcode.acts.log.errors import LogFault
from healthcode.core.errors import CoreError
from healthcode.core.log.policies import LogPolicy, parse_policy


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


def faults() -> Iterator[str]:
    """Yield a sentence for a file that cannot be used."""
    try:
        watched_logs()
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
