"""`python -m worker`: one worker, with one child process that holds the model.

Started by `manage.py up` in the embedded mode; by hand or by compose in production.
"""

import argparse
import os
import socket


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument(
        "--slot",
        default=os.environ.get("ALLELENS_SLOT", socket.gethostname()),
        help="name of this worker, stable over restarts; must differ between the workers of one "
        "database (default: the host's name)",
    )
    parser.add_argument("--log-level", default="WARNING")
    options = parser.parse_args()
    # The child process is a new interpreter and learns its name from here.
    os.environ["ALLELENS_SLOT"] = options.slot

    from webapp.supervisor import lifeline

    lifeline.watch()

    from worker.app import app

    app.worker_main(
        [
            "--quiet",
            "worker",
            f"--hostname=predict@{options.slot}",
            f"--loglevel={options.log_level}",
            "--queues=predict",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


if __name__ == "__main__":
    main()
