"""The Django application that ties the rooms together."""

from django.apps import AppConfig


class HealthCodeConfig(AppConfig):
    """Makes the Celery application known to every process before a task is called."""

    name = "healthcode"

    def ready(self) -> None:
        """Import the Celery application, which makes it the current one."""
        from healthcode import celery  # noqa: F401  once Django is ready
