"""Build the status lists, which say at which index of which list a code is superseded.

The modules in the order of the work; each imports only those before it. `permutation` scatters
numbers. `indexes` gives each code its list and its index. `superseded` reads which codes are
superseded. `editions` updates the lists.
"""
