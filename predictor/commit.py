"""Which code made a file."""

import subprocess
from pathlib import Path


def current_commit(*folders: str) -> str:
    """The commit of this package, with "+" where some of its folders differ from it.

    Args:
      folders: those that decide what is made, such as "model".

    Returns:
      40 hex digits; "unknown" without a repository.
    """
    package = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(package), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", *folders)
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
