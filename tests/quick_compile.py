"""XLA's options for programs that run a few times: compiling them well costs more than it saves."""

QUICK_COMPILE = {
    "xla_backend_optimization_level": 0,
    # The older way to make kernels takes half the time, and is as right.
    "xla_cpu_use_fusion_emitters": False,
}
