"""Zhejiang and an officer of it."""

from tests.areas.conftest import act_on, officer, zhejiang

__all__ = ["act_on", "officer", "zhejiang"]
