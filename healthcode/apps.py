"""The Django application that ties the rooms together."""

from django.apps import AppConfig


class HealthCodeConfig(AppConfig):
    """Make the Celery application known to every process before it calls a task."""

    name = "healthcode"

    def ready(self) -> None:
        """Import the Celery application. The import makes it the current one."""
        from healthcode import celery  # noqa: F401  once Django is ready
