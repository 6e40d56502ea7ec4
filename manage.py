#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys

import django
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")
    django.setup()
    from healthcode.starting import refuse_wrong_settings  # once Django is ready

    refuse_wrong_settings()
    execute_from_command_line(sys.argv)
