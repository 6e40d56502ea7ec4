"""Fuzz the core with atheris (`pip install atheris`; nothing else needs it).

python -m tests.core.fuzz.seeds var/seeds
python -m tests.core.fuzz -max_total_time=300 tests/core/fuzz/corpus var/seeds

Inputs that reach new code are kept in the first folder. Inputs that crash are written beside it.
The ordinary tests replay both.
"""

import sys

import atheris

with atheris.instrument_imports(include=["healthcode.core"]):
    from tests.core.fuzz.targets import one_input

if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
