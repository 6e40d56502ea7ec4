"""When an act needs a second person, by the figures of a policy."""

from datetime import datetime, timedelta

import pytest

from healthcode.acts.effects import Effect
from healthcode.acts.kinds import ActKind
from healthcode.acts.plans import Foreseen, is_as_previewed, preview_of
from healthcode.acts.second_person import SecondPerson, needs_second_person
from healthcode.web.days import SHANGHAI

NOW = datetime(2020, 2, 20, 0, 30, tzinfo=SHANGHAI)
FIGURES = SecondPerson(
    people=10,
    hours=24,
    kinds=frozenset({"policy-published", "evidence-withdrawn:case"}),
    dated_before_days=1,
)


def foreseen(worse: int, *, about: str = "", takes_effect: datetime | None = None) -> Foreseen:
    effect = Effect((worse, 0, 0), (0, 0, worse), worse, {"330106": worse})
    return Foreseen("33", effect, {}, about=about, takes_effect=takes_effect)


def needs(kind: ActKind, what: Foreseen, *, made_worse: int = 0) -> bool:
    return needs_second_person(FIGURES, kind, what, made_worse=made_worse, at=NOW)


@pytest.mark.parametrize(
    ("made_worse", "worse", "needed"),
    [(0, 10, False), (0, 11, True), (9, 1, False), (10, 1, True), (1000, 0, False)],
)
def test_the_people_of_all_acts_count_together(made_worse: int, worse: int, needed: bool) -> None:
    found = needs(ActKind.CONTACTS_CONFIRMED, foreseen(worse), made_worse=made_worse)
    assert found is needed


@pytest.mark.parametrize(
    ("takes_effect", "needed"),
    [
        (datetime(2020, 2, 18, 23, 59, 59, tzinfo=SHANGHAI), True),
        (datetime(2020, 2, 19, tzinfo=SHANGHAI), False),
        (NOW + timedelta(days=3), False),
    ],
)
def test_what_is_dated_before_yesterday_needs_it(takes_effect: datetime, needed: bool) -> None:
    assert needs(ActKind.LEVELS_PUBLISHED, foreseen(1, takes_effect=takes_effect)) is needed
    # Nobody needs leave to release people, however far back.
    assert not needs(ActKind.LEVELS_PUBLISHED, foreseen(0, takes_effect=takes_effect))


def test_the_kinds_that_a_policy_names_need_it_even_if_they_make_nobody_worse() -> None:
    assert needs(ActKind.POLICY_PUBLISHED, foreseen(0))
    assert needs(ActKind.EVIDENCE_WITHDRAWN, foreseen(0, about="case"))
    assert not needs(ActKind.EVIDENCE_WITHDRAWN, foreseen(0, about="stay"))
    assert not needs(ActKind.SIGNER_WITHDRAWN, foreseen(0))
    # Whoever may not withdraw a case alone may not withdraw the report that contains it.
    assert needs(ActKind.FACTS_WITHDRAWN, foreseen(0, about="case"))
    assert not needs(ActKind.FACTS_WITHDRAWN, foreseen(0, about="contact"))


def test_a_preview_is_the_same_while_few_people_are_exactly_those() -> None:
    for shown, now, same in [(99, 99, True), (99, 100, False), (250, 252, True), (250, 253, False)]:
        preview = preview_of(foreseen(shown))
        assert is_as_previewed(preview, foreseen(now)) is same, (shown, now)


def test_a_preview_with_other_facts_or_another_area_is_another() -> None:
    effect = foreseen(3).effect
    preview = preview_of(Foreseen("33", effect, {"rose": ["330106"]}))
    assert is_as_previewed(preview, Foreseen("33", effect, {"rose": ["330106"]}))
    assert not is_as_previewed(preview, Foreseen("33", effect, {"rose": ["330102"]}))
    assert not is_as_previewed(preview, Foreseen("3301", effect, {"rose": ["330106"]}))
