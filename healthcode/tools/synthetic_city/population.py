"""How many people live where: the weights for drawing homes and journeys."""

from collections.abc import Mapping, Sequence
from typing import Final

CITY: Final = "3301"

# Residents of Hangzhou's counties at the end of 2016, in hundreds, in the divisions of 2020
# (Hangzhou Bureau of Statistics, sample survey of population, 23 February 2017). The development
# zones that the bulletin counts apart are added to the counties in which they lie: 330104 has the
# economic development zone, 330106 the scenic area, 330109 Dajiangdong.
RESIDENTS: Final[Mapping[str, int]] = {
    "330102": 3532,
    "330103": 5360,
    "330104": 7410 + 3205,
    "330105": 5820,
    "330106": 8137 + 305,
    "330108": 3356,
    "330109": 14010 + 1710,
    "330110": 13590,
    "330111": 7364,
    "330112": 5885,
    "330122": 4230,
    "330127": 3496,
    "330182": 4470,
}

# Residents of the other cities of Zhejiang, the destinations of journeys (seventh census, 1
# November 2020).
OTHER_CITIES: Final[Mapping[str, int]] = {
    "3302": 9_404_283,
    "3303": 9_572_903,
    "3304": 5_400_868,
    "3305": 3_367_579,
    "3306": 5_270_977,
    "3307": 7_050_683,
    "3308": 2_276_184,
    "3309": 1_157_817,
    "3310": 6_622_888,
    "3311": 2_507_396,
}

Weights = Sequence[tuple[str, float]]
"""Area codes with the number of people whom each stands for."""


def homes(divisions: Sequence[str]) -> Weights:
    """Return the weights of the city's townships in `divisions`, or of a county without townships.

    The people of a county are spread evenly over its townships, because no source says more.
    """
    weights: list[tuple[str, float]] = []
    for county, residents in RESIDENTS.items():
        townships = [code for code in divisions if len(code) == 9 and code.startswith(county)]
        places = townships or [county]
        weights += [(place, residents / len(places)) for place in places]
    return weights


def journeys(counties: Sequence[str]) -> Weights:
    """Return the weights of `counties` in the other cities, each city's people spread evenly."""
    weights: list[tuple[str, float]] = []
    for city, residents in OTHER_CITIES.items():
        places = [code for code in counties if code.startswith(city)]
        weights += [(place, residents / len(places)) for place in places]
    return weights
