"""The status lists: which codes were superseded, at which index of which list.

In the order of the work, each module knowing only those before it: `permutation` scatters numbers,
`indexes` gives each code its list and its index there, `superseded` reads which codes are over, and
`editions` brings the lists up to date with them.
"""
