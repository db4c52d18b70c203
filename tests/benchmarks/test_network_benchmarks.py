import jax
import pytest

from benchmarks import forward, gpu
from benchmarks.network import Bench, Request
from predictor.model.config import ModelConfig


@pytest.mark.slow
def test_every_column_of_the_tables_is_measured():
    bench = Bench(Request(4_096, "five", "float32", repeats=1, further=True), ModelConfig.demo())
    row = vars(bench.request) | bench.measure()
    for column in forward.COLUMNS | forward.FURTHER_COLUMNS:
        assert column in row
    assert row["compile_s"] > 0
    assert 0 < row["peak_gb"] <= row["process_gb"]
    pair_s, _ = bench.pair()
    assert pair_s > 0


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="there is an accelerator")
def test_without_an_accelerator_the_benchmark_for_one_refuses_with_a_sentence(capsys):
    assert gpu.main([]) == 1
    assert "finds no accelerator" in capsys.readouterr().err
