"""Compiled programs on disk, so that the next start of the process is faster."""

from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

from predictor.home import home


def use_compilation_cache(folder: Path | None = None) -> Path:
    """Keeps compiled functions on disk, for all of this process.

    Args:
      folder: `home() / "xla-cache"` where not given.
    """
    folder = folder or home() / "xla-cache"
    folder.mkdir(parents=True, exist_ok=True)
    # JAX makes the path a part of every key; through a link, nothing would be found.
    folder = folder.resolve()
    settings = {
        "jax_compilation_cache_dir": str(folder),
        # By default only what took a second to compile is kept; small functions add up as well.
        "jax_persistent_cache_min_compile_time_secs": 0.1,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    for name, value in settings.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]
    # JAX looks at the folder once; if something was compiled before, it would never look again.
    compilation_cache.reset_cache()
    return folder
