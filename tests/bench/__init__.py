"""`make bench`: what the service does at its size, each figure beside a limit of the same run.

A figure never stands alone: the thing measured and the bare thing it cannot beat take turns, and
what counts is their ratio. docs/performance/README.md says how we measure; docs/performance.md has
the results.
"""
