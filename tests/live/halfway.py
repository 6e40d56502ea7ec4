"""A worker that stops after some batches: `python -m tests.live.halfway [BATCHES]`.

With a number it starts a recomputation of everybody and works off so many batches. Without one it
works off the rest. Then it prints the state in the database.
"""

import json
import sys

import django

PEOPLE_A_BATCH = 20


def main(limit: int | None) -> None:
    """Work, then print how far it came."""
    django.setup()
    from healthcode.colours import batches
    from healthcode.colours.models import Cause, ColourChange, PersonColour, Recomputation
    from healthcode.colours.recompute import request, run
    from healthcode.core import Colour

    batches.PEOPLE_A_BATCH = PEOPLE_A_BATCH
    if limit is not None:
        PersonColour.objects.filter(colour=Colour.GREEN).update(colour=Colour.YELLOW)
        request(cause=Cause.POLICY)
    recomputation = Recomputation.objects.latest("pk")
    run(recomputation.pk, batches=limit)
    recomputation.refresh_from_db()
    noted = ColourChange.objects.filter(recomputation=recomputation)
    said = {
        "state": recomputation.state,
        "done": recomputation.people_done,
        "changed": recomputation.people_changed,
        "noted": noted.count(),
        "yellow": PersonColour.objects.filter(colour=Colour.YELLOW).count(),
        "people": PersonColour.objects.count(),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
