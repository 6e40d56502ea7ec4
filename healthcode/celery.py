"""The Celery application. It finds the tasks in each room's `tasks.py`."""

import os

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_init

from healthcode.colours.wake import send
from healthcode.starting import refuse_wrong_start
from healthcode.web.calls import AtWork, CallKind, begin, end

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")

app = Celery("healthcode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def _begin(**_: object) -> None:
    refuse_wrong_start(is_web=False)


@beat_init.connect
def _catch_up(**_: object) -> None:
    """Make the tables for today's scans at once, because they are missing after a long stop."""
    send("web.forget", cadence="often")


@task_prerun.connect
def _begin_work(**_: object) -> None:
    """Set the limits of a worker on the thread that runs the task."""
    begin(AtWork(CallKind.WORK))


@task_postrun.connect
def _end_work(**_: object) -> None:
    end()
