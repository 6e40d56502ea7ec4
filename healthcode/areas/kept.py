"""What the tables of areas and levels hold about people: nothing."""

from typing import Final

from healthcode.areas.models import Area, AreaLevel
from healthcode.web.keeping import of_nobody

RECORDS: Final = (
    of_nobody(Area, holds="administrative divisions"),
    of_nobody(AreaLevel, holds="the maps: which level each area had, and when"),
)
