"""What the tables of keys and status lists hold, and how long the service keeps it."""

from typing import Final

from healthcode.codes.models import SigningKey, StatusList
from healthcode.web.keeping import Because, Goes, TableRecord, of_nobody

RECORDS: Final = (
    of_nobody(SigningKey, holds="keys that sign codes, the private part encrypted"),
    TableRecord(
        model=StatusList,
        holds="which codes of a day are superseded, by indexes that only this service can resolve",
        kept="as long as a code of that day can be alive: 14 days; the next publication deletes it",
        export=Because("nothing in it says whose an index is"),
        erase=Because("must say for two more weeks that the person's codes are superseded"),
        sunset=Goes.AT_ONCE,
    ),
)
