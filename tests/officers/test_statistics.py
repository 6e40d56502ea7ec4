"""The statistics count people by colour, and never reveal a small group."""

from fractions import Fraction
from itertools import product

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.services import issue_token
from healthcode.colours.models import PersonColour, Policy
from healthcode.officers.statistics.selectors import ALL, COLUMNS, Cell, Table, without_small_groups
from tests.colours import world

pytestmark = pytest.mark.clock

LEAST = 10
COUNTIES = ("330102", "330106", "330127", "330203")

small_or_not = st.one_of(st.just(0), st.integers(1, 9), st.integers(10, 60))
tables = st.dictionaries(
    st.sampled_from(list(product(COUNTIES, COLUMNS[:-1]))), small_or_not, min_size=1
)


def test_a_table_of_large_groups_is_shown_whole() -> None:
    table = without_small_groups({("330106", "green"): 500, ("330106", "red"): 12}, least=LEAST)
    assert table.row("330106") == {"green": 500, "yellow": 0, "red": 12, "all": 512}
    assert table.row(ALL) == table.row("330106")


def test_a_small_figure_is_withheld_with_three_others() -> None:
    """The rectangle that costs least has two counties and two colours; all sums stay visible."""
    counts = {
        ("330102", "green"): 900,
        ("330102", "red"): 40,
        ("330106", "green"): 800,
        ("330106", "red"): 3,
        ("330127", "green"): 700,
        ("330127", "red"): 50,
    }
    table = without_small_groups(counts, least=LEAST)
    hidden = {cell for cell, figure in table.figures.items() if figure is None}
    assert hidden == set(product(("330102", "330106"), ("green", "red"))) or hidden == set(
        product(("330127", "330106"), ("green", "red"))
    )
    assert table.figures[ALL, "red"] == 93


@settings(max_examples=150)
@given(counts=tables)
def test_no_small_figure_is_shown_nor_follows_from_what_is(counts: dict[Cell, int]) -> None:
    """Linear algebra: the visible figures do not determine any figure hidden for its size."""
    table = without_small_groups(counts, least=LEAST)
    full = without_small_groups(counts, least=1)
    assert not [f for f in table.figures.values() if f is not None and 0 < f < LEAST]
    small = {cell for cell, figure in full.figures.items() if figure and figure < LEAST}
    assert small.isdisjoint(fixed(table))


def fixed(table: Table) -> set[Cell]:
    """Return the hidden figures that the sums of rows and columns determine."""
    unknown = [cell for cell, figure in table.figures.items() if figure is None]
    rows = [*table.counties, ALL]
    lines = [[(row, column) for column in COLUMNS] for row in rows]
    lines += [[(row, column) for row in rows] for column in COLUMNS]
    matrix = [
        [Fraction(cell in line) * (-1 if cell == line[-1] else 1) for cell in unknown]
        for line in lines
    ]
    reduced = row_echelon(matrix)
    return {unknown[row.index(1)] for row in reduced if sum(value != 0 for value in row) == 1}


def row_echelon(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """Return the reduced row echelon form, without the rows of zeros."""
    done: list[list[Fraction]] = []
    for column in range(len(matrix[0])):
        pivot = next((row for row in matrix if row[column] != 0), None)
        if pivot is None:
            continue
        matrix.remove(pivot)
        pivot = [value / pivot[column] for value in pivot]
        clear = [
            [[a - row[column] * b for a, b in zip(row, pivot, strict=True)] for row in rows]
            for rows in (matrix, done)
        ]
        matrix, done = clear[0], [*clear[1], pivot]
    return done


@pytest.mark.django_db
def test_an_officer_sees_their_counties_and_the_sum(policy: object) -> None:
    published = Policy.objects.get()
    for home, colour, number in (("330106", 0, 30), ("330106", 2, 2), ("330203", 0, 25)):
        PersonColour.objects.bulk_create(
            PersonColour(
                person_id=person, colour=colour, since=world.LONG_AGO, policy_id=published.pk
            )
            for person in world.people(number, home)
        )
    officer = world.officer("3301")
    token = issue_token(
        account=officer, label="", expires_at=world.shanghai(1, 1).replace(year=2099)
    )
    answer = Client().get(
        "/api/v1/statistics/colours", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert [county["code"] for county in body["counties"]] == ["330106"]
    assert body["counties"][0]["red"] is None
    assert body["least"] == LEAST
    browser = Client()
    browser.cookies["language"] = "en"
    browser.force_login(officer)
    page = browser.get("/officer/statistics").content.decode()
    assert "Groups of fewer than 10 people are hidden" in page
    assert [line.count("<td") for line in page.splitlines() if "330106" in line] == [4]
    assert "330203" not in page


@pytest.mark.django_db
def test_nobody_else_sees_them_on_a_page(client: Client) -> None:
    assert client.get("/officer/statistics").status_code == 302
