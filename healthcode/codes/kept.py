"""What the tables of keys and status lists hold, and what becomes of them."""

from typing import Final

from healthcode.codes.models import SigningKey, StatusList
from healthcode.web.keeping import Because, Goes, TableRecord, of_nobody

RECORDS: Final = (
    of_nobody(SigningKey, holds="keys that sign codes, the private part sealed"),
    TableRecord(
        model=StatusList,
        holds="which codes of a day are superseded, by numbers that nobody else can resolve",
        kept="as long as a code of that day can be alive: 14 days; the next publication deletes it",
        export=Because("holds nothing that tells whose a number is"),
        erase=Because("says for two weeks more that the person's codes are superseded"),
        sunset=Goes.AT_ONCE,
    ),
)
