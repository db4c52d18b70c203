#!/usr/bin/env python
"""Commands of the web application; `manage.py up` starts all of it on this machine."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings.embedded")
    # The settings read the data folder, so `--data` has to be known before they are.
    for index, argument in enumerate(sys.argv):
        if argument == "--data" and index + 1 < len(sys.argv):
            os.environ["ALLELENS_HOME"] = str(Path(sys.argv[index + 1]).expanduser().resolve())
        elif argument.startswith("--data="):
            folder = Path(argument.removeprefix("--data="))
            os.environ["ALLELENS_HOME"] = str(folder.expanduser().resolve())

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
