"""Programs on a CPU run one by one, each in the thread that asks for it.

To be imported before JAX looks for devices. Otherwise a program may still hold its memory when the
next one starts, though its result is there, and nobody can tell what a step takes. It costs
nothing: a program uses all cores.
"""

import jax

jax.config.update("jax_cpu_enable_async_dispatch", False)  # type: ignore[no-untyped-call] # noqa: FBT003
