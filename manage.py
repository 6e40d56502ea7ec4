#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys

import django
from django.core.management import execute_from_command_line

from healthcode.starting import refuse_wrong_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")
    django.setup()
    refuse_wrong_command(sys.argv[1] if len(sys.argv) > 1 else "help")
    execute_from_command_line(sys.argv)
