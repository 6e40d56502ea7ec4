"""What the database role of the service may do with a table."""

from enum import Enum


class Rights(Enum):
    """The privileges that `manage.py migrate` grants. None includes TRUNCATE, triggers or DDL."""

    ALL = "SELECT, INSERT, UPDATE, DELETE"
    ADD_AND_DELETE = "SELECT, INSERT, DELETE"
    """Rows are never changed, and deleted when their time is over."""
    ADD = "SELECT, INSERT"
    """Rows are read and added. What must change, functions of the owner do."""
    READ = "SELECT"
