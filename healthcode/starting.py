"""What every process of the service asks itself before it begins: are my settings right?

One that finds a fault ends at once, with one sentence for each.
"""

import sys

from django.core.checks import ERROR, run_checks


def refuse_wrong_settings() -> None:
    """End this process when settings do not go together."""
    faults = [fault.msg for fault in run_checks(tags=["settings"]) if fault.is_serious(ERROR)]
    if faults:
        sys.exit("\n".join(faults))
