"""Compare the colours of a running service with the reference: `python -m tests.live.inside`.

It prints how many people have a colour, and the numbers of those whose colour is not what the
reference, `decide()`, computes from the same facts.
"""

import json

import django


def main() -> None:
    """Compare everybody."""
    django.setup()
    from django.utils import timezone

    from healthcode.colours.models import PersonColour
    from healthcode.colours.policy import policy_at
    from healthcode.colours.selectors import decide_from_database

    at = timezone.now()
    policy = policy_at(at)
    colours = dict(PersonColour.objects.values_list("person_id", "colour"))
    differing = [
        person
        for person, colour in colours.items()
        if decide_from_database(person, policy, at).colour != colour
    ]
    print(json.dumps({"people": len(colours), "differing": differing}))


if __name__ == "__main__":
    main()
