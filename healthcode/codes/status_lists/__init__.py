"""Build the status lists. A list says at which of its indexes a code is superseded.

These are the modules in the order of the work. Each imports only modules before it. `permutation`
scatters numbers. `indexes` gives each code its list and its index. `superseded` reads which codes
are superseded. `editions` updates the lists.
"""
