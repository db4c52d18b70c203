"""What a time or a peak of memory must be read together with."""

import os
import platform
import time


def about_this_machine() -> dict[str, object]:
    """Date, processor, number of cores and load: figures of different machines do not compare."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
    }
