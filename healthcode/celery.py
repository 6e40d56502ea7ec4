"""The Celery application: tasks are found in each room's `tasks.py`."""

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
    refuse_wrong_start()


@beat_init.connect
def _catch_up(**_: object) -> None:
    """After a long stop the tables for today's scans are missing until this has run."""
    send("web.forget", cadence="often")


@task_prerun.connect
def _begin_work(**_: object) -> None:
    """Give what a task does the limits of work, on whichever thread it is done."""
    begin(AtWork(CallKind.WORK))


@task_postrun.connect
def _end_work(**_: object) -> None:
    end()
