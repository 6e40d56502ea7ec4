"""Run the whole service on one machine: private servers, processes, and the tools behind `make`."""
