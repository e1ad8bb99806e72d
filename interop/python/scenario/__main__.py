"""`python -m scenario serve` or `drive`."""

import sys

from samspel import run_service
from scenario.drive import drive
from scenario.serve import serve

PROGRAMS = {"serve": ("scenario-python", serve), "drive": ("driver-python", drive)}

if __name__ == "__main__":
    if sys.argv[1:] not in (["serve"], ["drive"]):
        sys.exit("usage: python -m scenario serve|drive")
    name, start = PROGRAMS[sys.argv[1]]
    sys.exit(run_service(name, start, version="1.0.0"))
