"""Doors: scans and their verdicts, data for work without network, doubts about copied codes."""
