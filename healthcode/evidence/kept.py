"""What the tables of this room hold; `colours` has the record of evidence itself.

Only that room can tell which facts a decision still needs.
"""

from typing import Final

from healthcode.evidence.models import DocumentSigner
from healthcode.web.keeping import of_nobody

RECORDS: Final = (
    of_nobody(DocumentSigner, holds="certificates of those who sign EU certificates"),
)
