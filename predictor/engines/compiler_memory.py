"""What compiling has taken is given back to the system.

To be imported before anything is compiled.
"""

import jax

from predictor import freed_memory

_COMPILED = "/jax/core/compile/backend_compile_duration"
_WORTH_SECONDS = 0.1
"""Small functions compile by the hundred and leave little behind."""


def _hear(event: str, duration_secs: float, **_: str | int) -> None:
    if event == _COMPILED and duration_secs > _WORTH_SECONDS:
        freed_memory.give_back()


jax.monitoring.register_event_duration_secs_listener(_hear)
