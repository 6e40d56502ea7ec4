"""Scans at doors: verdict, record, what a door takes along, doubts about copied pictures."""
