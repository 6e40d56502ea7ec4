"""Fuzzes the core with atheris, which is installed for this alone (`pip install atheris`):

    python -m tests.core.fuzz -max_total_time=300 tests/core/fuzz/corpus

New inputs that reach new code are kept in the folder named last; what crashes is written beside.
`python -m tests.core.fuzz.seeds` writes the inputs it starts from. The whole corpus is replayed
by the ordinary tests.
"""

import sys

import atheris

with atheris.instrument_imports(include=["healthcode.core"]):
    from tests.core.fuzz.targets import one_input

if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
