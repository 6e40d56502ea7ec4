"""The demo province: Zhejiang's map of 9 February 2020, and some thousand invented people."""
