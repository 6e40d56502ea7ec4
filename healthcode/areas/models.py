"""Administrative divisions (GB/T 2260) and their risk levels over time, which make the map."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from healthcode.acts.models import Act


class Level(models.IntegerChoices):
    """The five-colour risk level of an area, lowest first."""

    GREEN = 0, "green"
    BLUE = 1, "blue"
    YELLOW = 2, "yellow"
    ORANGE = 3, "orange"
    RED = 4, "red"


class Area(models.Model):
    """An administrative division, past or present; `00` stands for everything outside the border.

    A code has 2 digits for a province, 4 for a city, 6 for a county, 9 for a township, and begins
    with the code of the division above. `begins` is None if the division is older than the records.
    `ends` is the first day on which the code is no longer valid; it is None while the division
    exists. Ended codes stay in the table, because old evidence refers to them.
    """

    code = models.CharField(max_length=9, primary_key=True)
    name = models.CharField(max_length=64)
    begins = models.DateField(null=True)
    ends = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="area_code_form", condition=Q(code__regex=r"^([0-9]{2}){1,3}$|^[0-9]{9}$")
            ),
        ]


class AreaLevel(models.Model):
    """The level that an act gave an area over a period (half-open, UTC).

    The periods of one area never overlap. An area without a level counts as green.
    """

    area = models.ForeignKey(Area, models.PROTECT, related_name="levels")
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    during = DateTimeRangeField()
    act = models.ForeignKey(Act, models.PROTECT, related_name="levels")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_level_at_a_time",
                expressions=[
                    ("area", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="level_known", condition=Q(level__in=Level.values)),
        ]
