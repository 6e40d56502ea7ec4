"""What the table of acts holds about people, and for how long."""

from typing import Final

from healthcode.acts.models import Act, ActArea
from healthcode.web.keeping import Because, TableRecord

RECORDS: Final = (
    TableRecord(
        model=Act,
        holds="what somebody with authority did, on what ground; of people at most the number",
        kept="for good",
        export=Because("is about officers' work; a person's facts say by which act they fell"),
        erase=Because("the number stands for nobody any more"),
        sunset=Because("says what was done with authority, also after the end"),
    ),
    TableRecord(
        model=ActArea,
        holds="the areas that an act touched, and how many of their people changed colour by it",
        kept="for good",
        export=Because("counts people, and names none"),
        erase=Because("counts people, and names none"),
        sunset=Because("belongs to the act, which stays"),
    ),
)
