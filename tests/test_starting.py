"""No process starts on a database that was made with other secrets."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone

from accounts import marks
from accounts.mark_models import SecretMark
from healthcode import __version__
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log_models import LogKey
from healthcode.codes import keys
from healthcode.codes.models import SigningKey
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import DOORS, SERVICE
from tests import owner
from tests.administration import BY_ADMINISTRATOR, administer, administrator
from tests.test_settings import PROCESSES, ROOT

OTHER = base64.b64encode(bytes(32)).decode()
SECRETS = {
    "ISSUER": "CN-31",
    "SECRET_KEY": "another secret of fifty characters and a few more so",
    "VAULT_INDEX_KEY": OTHER,
    "VAULT_KEYS": f"k2:{OTHER}",
    "STATUS_INDEX_KEY": OTHER,
    "SIGNING_KEY_SECRET": "another one of more characters",
    "LOG_KEY_SECRET": "a third one of more characters",
}
NOT_SIGNING = {"SIGNING_KEY_SECRET": "", "STATUS_INDEX_KEY": "", "LOG_KEY_SECRET": ""}


@pytest.fixture
def kept(transactional_db: None) -> Iterator[None]:
    """A database that knows its secrets, with a signing key in it."""
    assert marks.faults() == []
    keys.make_key(starts=timezone.now(), signs_for=timedelta(days=1))
    log_keys.make_keys(at=timezone.now())
    yield
    SecretMark.objects.all().delete()
    LogKey.objects.all().delete()
    SigningKey.objects.all().delete()


COMMANDS = PROCESSES | {
    "accepting": [str(ROOT / "manage.py"), "accept_secret", "SECRET_KEY", *BY_ADMINISTRATOR],
    "migrating": [str(ROOT / "manage.py"), "migrate", "--plan"],
}


def database_url(name: str = "", *, login: str = "") -> str:
    """Return the address of the tests' own database, or of another database on its server.

    By default for the service; `login` is the setting of another login.
    """
    url, _, query = (login or os.environ["DATABASE_URL"]).partition("?")
    name = name or connection.settings_dict["NAME"]
    return f"{url.rpartition('/')[0]}/{name}{query and '?' + query}"


def owners_url(name: str = "") -> str:
    """Return the address of a database for the owner of its tables."""
    return database_url(name, login=owner.LOGIN["DATABASE_OWNER_URL"])


def start(
    process: str, folder: Path, changes: Mapping[str, str], *, seconds: int = 60
) -> tuple[int, str]:
    """Start a process on the tests' database; return its status and its output.

    A process that keeps running is stopped after `seconds`, with the status of a time-out.
    """
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "GRANIAN_PORT": str(reserve()),
        "DATABASE_URL": database_url(),
        **changes,
    }
    if process.startswith("migrat"):
        name = environment["DATABASE_URL"].rpartition("/")[2]
        environment |= {"DATABASE_OWNER_URL": owners_url(name), **changes}
    ended = subprocess.run(
        ["timeout", str(seconds), sys.executable, *COMMANDS[process]],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("process", ["web", "worker", "beat", "command"])
def test_no_process_starts_with_other_secrets(kept: None, process: str, tmp_path: Path) -> None:
    status, said = start(process, tmp_path, SECRETS)
    assert status == 1, said
    for name in ("ISSUER", "SECRET_KEY", "VAULT_INDEX_KEY", "STATUS_INDEX_KEY"):
        assert said.count(f"{name} is not the one that this database was made with") == 1, said
    assert said.count("VAULT_KEYS lacks the key k1") == 1
    assert said.count("SIGNING_KEY_SECRET does not decrypt signing key") == 1
    assert said.count("LOG_KEY_SECRET does not open the key") == 2
    assert "Traceback" not in said
    assert OTHER not in said


@pytest.mark.parametrize("process", ["web", "command"])
def test_one_that_does_not_sign_asks_for_those_it_has(
    kept: None, process: str, tmp_path: Path
) -> None:
    wrong = SECRETS | NOT_SIGNING
    status, said = start(process, tmp_path, wrong)
    assert status == 1
    assert "STATUS_INDEX_KEY" not in said
    assert "SIGNING_KEY_SECRET" not in said
    assert "LOG_KEY_SECRET" not in said
    assert said.count("VAULT_INDEX_KEY is not the one") == 1


def test_with_its_own_secrets_it_starts(kept: None, tmp_path: Path) -> None:
    for changes in ({}, NOT_SIGNING):
        status, said = start("command", tmp_path, changes)
        assert status == 0, said
        assert SigningKey.objects.get().kid.hex() in said


def test_without_tables_it_says_what_to_do(transactional_db: None, tmp_path: Path) -> None:
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_secretmark RENAME TO elsewhere")
    try:
        status, said = start("command", tmp_path, {})
        migrated, planned = start("migrating", tmp_path, {})
    finally:
        with owner.as_owner(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO accounts_secretmark")
    assert (status, said) == (
        1,
        "The database lacks tables of this version. Run manage.py migrate first.\n",
    )
    assert migrated == 0, planned


def test_the_tables_of_an_empty_database_are_made(db: None, tmp_path: Path) -> None:
    """`migrate` must run before the database has marks of secrets."""
    empty = f"empty_{os.getpid()}"
    with closing(psycopg2.connect(owners_url())) as server:
        server.autocommit = True
        server.cursor().execute(f"CREATE DATABASE {empty}")
        try:
            there = {"DATABASE_URL": database_url(empty)}
            status, said = start("migrate", tmp_path, there)
            assert status == 0, said
            assert start("command", tmp_path, there)[0] == 0
        finally:
            server.cursor().execute(f"DROP DATABASE {empty} WITH (FORCE)")


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    status, said = start("command", tmp_path, nowhere)
    assert status == 1
    assert said.startswith(
        "This process cannot ask the database whether its secrets belong to it: "
    )
    assert "Traceback" not in said


def test_a_secret_is_accepted_on_purpose(kept: None, tmp_path: Path) -> None:
    """Only this command runs with a secret that the database does not know."""
    administrator()
    changed = {"SECRET_KEY": SECRETS["SECRET_KEY"]}
    status, said = start("accepting", tmp_path, changed)
    assert status == 0, said
    assert start("command", tmp_path, changed)[0] == 0
    assert "SECRET_KEY is not the one" in start("command", tmp_path, {})[1]


AT_DOORS = {
    "PROCESS_ROLE": "doors",
    **dict.fromkeys(("VAULT_KEYS", "VAULT_INDEX_KEY", "SMS_SENDER", "IDENTITY_CHECK"), ""),
    **NOT_SIGNING,
}


def doors_url() -> str:
    """Return the address of the tests' database for a process of doors."""
    return database_url().replace(f"//{SERVICE}:", f"//{DOORS}:")


@pytest.mark.parametrize(
    ("secret", "value"),
    [
        ("VAULT_KEYS", f"k1:{OTHER}"),
        ("VAULT_INDEX_KEY", OTHER),
        ("SIGNING_KEY_SECRET", "another one of more characters"),
        ("STATUS_INDEX_KEY", OTHER),
        ("LOG_KEY_SECRET", "a third one of more characters"),
    ],
)
def test_doors_do_not_start_with_a_secret_of_others(
    secret: str, value: str, tmp_path: Path
) -> None:
    status, said = start("web", tmp_path, AT_DOORS | {secret: value})
    assert status == 1
    assert (
        f"{secret} is set, but a process with PROCESS_ROLE=doors must not know it: remove it from "
        "this process's environment (docs/howto/deploy.md).\n"
    ) in said
    assert said.count(" is set, but ") == 1


def test_doors_do_not_start_with_a_login_of_others(kept: None, tmp_path: Path) -> None:
    for url, sentence in (
        (database_url(), "The user of DATABASE_URL could read "),
        (owners_url(), "The user of DATABASE_URL could own "),
    ):
        status, said = start("web", tmp_path, AT_DOORS | {"DATABASE_URL": url})
        assert status == 1
        assert said.count(sentence) == 1, said
    known = {"DATABASE_URL": doors_url(), "DATABASE_OWNER_URL": owners_url()}
    status, said = start("web", tmp_path, AT_DOORS | known)
    assert (status, said.count("DATABASE_OWNER_URL is set: a process that stays")) == (1, 1)


def test_doors_do_not_start_with_another_secret(kept: None, tmp_path: Path) -> None:
    wrong = {"DATABASE_URL": doors_url(), "SECRET_KEY": SECRETS["SECRET_KEY"]}
    status, said = start("web", tmp_path, AT_DOORS | wrong)
    assert status == 1
    assert "SECRET_KEY is not the one that this database was made with." in said


def test_with_their_own_login_doors_start(kept: None, tmp_path: Path) -> None:
    """And they leave no mark of a secret behind, because they may not write one."""
    SecretMark.objects.filter(setting="SECRET_KEY").delete()
    status, said = start("web", tmp_path, AT_DOORS | {"DATABASE_URL": doors_url()}, seconds=20)
    assert status == 124, said
    assert f"Health code service {__version__} starts" in said
    assert not SecretMark.objects.filter(setting="SECRET_KEY").exists()


@pytest.mark.parametrize("process", ["worker", "beat", "command"])
def test_only_web_processes_are_doors(process: str, tmp_path: Path) -> None:
    status, said = start(process, tmp_path, AT_DOORS)
    assert status == 1, said
    assert "PROCESS_ROLE is doors: such a process serves addresses only." in said
    assert "Traceback" not in said


@pytest.mark.django_db
def test_the_places_of_bits_change_only_when_no_code_is_alive() -> None:
    marks.faults()
    key = keys.make_key(starts=timezone.now(), signs_for=timedelta(days=1))
    with pytest.raises(CommandError, match="superseded codes would pass"):
        administer("accept_secret", "STATUS_INDEX_KEY")
    keys.withdraw_key(kid=bytes(key.kid), at=timezone.now())
    administer("accept_secret", "STATUS_INDEX_KEY")
    assert settings.STATUS_INDEX_KEY
