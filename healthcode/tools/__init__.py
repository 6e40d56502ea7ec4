"""Tools for one machine: run the service, fill the demo, make a city. Not in the final image."""
