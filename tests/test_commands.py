"""Commands refuse dates, instants and days that do not exist."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from accounts.models import Account, Token
from healthcode.alliance.__main__ import main as alliance
from healthcode.codes.models import SigningKey
from healthcode.core.cli import main as core
from tests.administration import BY_ADMINISTRATOR
from tests.core.spellings import NO_DATES, NO_INSTANTS

POLICY: Final = "healthcode/colours/policies/CN-33-2020-02-17.toml"
OURS: Final = ("accounts", "healthcode", "verifier")
ORDERS: Final = {
    ("add_staff", "--until"): ("somebody", "--role=officer", *BY_ADMINISTRATOR),
    ("publish_policy", "--from"): (
        POLICY,
        "--officer=nobody",
        "--ground-kind=operations",
        "--ground=Order 7 of the province",
    ),
    ("generate_city", "--until"): (),
    ("make_signing_key", "--starts"): BY_ADMINISTRATOR,
    ("make_signing_key", "--days"): BY_ADMINISTRATOR,
    ("issue_token", "--days"): ("somebody", *BY_ADMINISTRATOR),
    ("partner_calls", "--days"): (),
}
"""The rest of the order, by the command and its option about time."""
ABOUT_TIME: Final = {"--from", "--until", "--starts", "--ends", "--days", "--at", "--on", "--hours"}
NO_DAYS: Final = ("0", "-1", "3651", "9" * 9, "9" * 20, "1.5", "7d", "")


def test_every_option_about_time_is_tried_below() -> None:
    found = set()
    for name, app in get_commands().items():
        if app.split(".")[0] in OURS:
            parser = load_command_class(app, name).create_parser("manage.py", name)
            options = {option for action in parser._actions for option in action.option_strings}
            found |= {(name, option) for option in options & ABOUT_TIME}
    assert found == set(ORDERS)


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_what_does_not_exist_is_refused_with_a_sentence(db: None, order: tuple[str, str]) -> None:
    Account.objects.create(username="somebody")
    command, option = order
    spellings = NO_DAYS if option == "--days" else (*NO_DATES, *NO_INSTANTS)
    if option == "--starts":
        spellings += ("2020-02-17",)
    for spelling in spellings:
        with pytest.raises(CommandError) as refused:
            call_command(command, *ORDERS[order], f"{option}={spelling}")
        assert re.search(f"argument {option}|from 1 to|no such time", str(refused.value))
    assert not SigningKey.objects.exists()
    assert not Token.objects.exists()


def test_a_list_is_signed_for_days_that_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for days in ("0", "-1", "3651", "9" * 20):
        assert alliance(["sign", str(tmp_path), "--days", days, "--yes"]) == 1
        assert "for 1 to 3650 days" in capsys.readouterr().err


@pytest.mark.parametrize("spelling", [*NO_INSTANTS, "2020-02-17", "٢٠٢٠", "1" * 5000, "-1"])
def test_the_core_judges_at_instants_that_exist(
    spelling: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        core(["verify", "--at", spelling, "JK1:NOTHING"])
    assert ended.value.code == 2
    assert "--at" in capsys.readouterr().err
