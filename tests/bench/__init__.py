"""`make bench`: measure the service at full size, compared with limits from the same run.

A figure never stands alone. The service takes turns with a bare operation that it cannot beat, and
the result is their ratio. docs/performance/README.md says how we measure; docs/performance.md has
the results.
"""
