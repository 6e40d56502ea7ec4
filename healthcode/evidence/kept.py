"""What the table of document signers holds. The record of evidence itself is in `colours.kept`.

Only the room `colours` knows which facts a decision still needs.
"""

from typing import Final

from healthcode.evidence.models import DocumentSigner
from healthcode.web.keeping import of_nobody

RECORDS: Final = (
    of_nobody(DocumentSigner, holds="certificates of those who sign EU certificates"),
)
