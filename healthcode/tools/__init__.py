"""Tools for one machine: run the service, load the demo, generate a city.

The final image does not contain them.
"""
