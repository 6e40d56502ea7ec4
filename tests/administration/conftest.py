"""The few divisions that these tests need, and English sentences."""

from tests.accounts.conftest import _english, areas

__all__ = ["_english", "areas"]
