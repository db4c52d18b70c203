"""The recipes of the demo network, in the order in which they were run.

Source: spec/demo_genome.md 8, reference feasibility study.
"""

import dataclasses

from predictor.model.config import ModelConfig
from predictor.training.recipe import Mixture, Optimiser, Recipe, Stage


def demo() -> Recipe:
    """The demo network: about an hour and a half on one free core.

    Departs from the released weights of 1 for the heads (junctions 0.2): a loss that is a mean
    over all base pairs starves heads whose signal sits on few of them, CAGE and splice sites most
    of all. The weights here make what can be learned of each head about equally large. The first
    stage has more soup, which holds three times as many sites per base as the genome, and without
    their usual neighbours.
    """
    often_mutated = Mixture(genome=0.3, mutated=0.4, soup=0.25, background=0.05)
    dense = Mixture(genome=0.2, mutated=0.35, soup=0.4, background=0.05, shift=1_024)
    # Expression cannot be learned before the elements that it depends on.
    accessibility_first = {
        "atac": 1.0,
        "dnase": 4.0,
        "procap": 30.0,
        "cage": 60.0,
        "chip_tf": 4.0,
        "chip_histone": 2.0,
        "contact_maps": 40.0,
        "usage_at_sites": 12.0,
    }
    # What is read inside a transcript: splicing motifs, polyA signals, what lies behind them.
    edited = Mixture(
        genome=0.25, mutated=0.4, soup=0.3, background=0.05, shift=1_024, functional=0.8
    )
    then_transcripts = {
        "atac": 0.5,
        "dnase": 2.0,
        "chip_tf": 3.0,
        "chip_histone": 1.5,
        "contact_maps": 40.0,
        "splice_sites_junction": 2.0,
        "genes": 2.0,
        "genes_ln": 4.0,
        "rna_seq_ln": 6.0,
        "usage_at_sites": 60.0,
        "junctions_ln": 2.0,
    }
    packed = dataclasses.replace(edited, genome=0.1, mutated=0.3, soup=0.2, packed=0.35)
    then_exons = {**then_transcripts, "usage_at_sites": 150.0, "splice_sites_junction": 3.0}
    # How far a transcript reaches, also where no splice site is near.
    then_bodies = {
        **then_exons,
        "dnase": 3.0,
        "cage": 60.0,
        "rna_seq": 3.0,
        "chip_histone": 3.0,
        "genes": 1.0,
        "rna_seq_ln": 10.0,
        "usage_at_sites": 80.0,
        "splice_sites_junction": 2.0,
    }
    ends = dataclasses.replace(edited, genome=0.1, mutated=0.2, soup=0.15, packed=0.15, ends=0.35)
    then_ends = {**then_bodies, "rna_seq": 6.0, "rna_seq_ln": 15.0, "usage_at_sites": 60.0}
    return Recipe(
        name="demo",
        model=ModelConfig.demo(),
        stages=(
            Stage(
                window=4_096,
                batch=8,
                steps=1_000,
                mixture=Mixture(genome=0.2, mutated=0.35, soup=0.4, background=0.05),
            ),
            Stage(window=16_384, batch=2, steps=1_000, mixture=often_mutated),
            Stage(
                window=16_384, batch=2, steps=1_800, mixture=dense, head_weights=accessibility_first
            ),
            Stage(
                window=16_384, batch=2, steps=1_000, mixture=edited, head_weights=then_transcripts
            ),
            Stage(window=16_384, batch=2, steps=1_400, mixture=packed, head_weights=then_exons),
            Stage(
                window=16_384,
                batch=2,
                steps=1_000,
                mixture=packed,
                head_weights=then_bodies,
                rate=1.4,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_300,
                mixture=ends,
                head_weights=then_ends,
                own_rate=(2e-3, 5e-5),
                ema=0.997,
            ),
            # Contacts of more than 8 bins have not been seen so far.
            Stage(
                window=32_768,
                batch=1,
                steps=150,
                mixture=edited,
                head_weights={**then_exons, "contact_maps": 80.0},
                own_rate=(8e-4, 5e-5),
                ema=0.97,
            ),
        ),
        optimiser=Optimiser(peak=3e-3, warmup=200, decay=0.35, horizon=7_900, ema=0.999),
        head_weights={
            "atac": 0.3,
            "dnase": 1.0,
            "procap": 15.0,
            "cage": 40.0,
            "rna_seq": 2.0,
            "chip_tf": 2.0,
            "chip_histone": 0.7,
            "contact_maps": 15.0,
            "splice_sites_classification": 500.0,
            "splice_sites_usage": 300.0,
            "splice_sites_junction": 1.0,
            "genes": 1.0,
            "genes_ln": 2.0,
            "rna_seq_ln": 2.0,
            "usage_at_sites": 4.0,
            "junctions_ln": 1.0,
        },
        evaluate_every=2_000,
    )


def demo_effects() -> Recipe:
    """Goes on from `demo`, less than an hour on one free core.

    Of a window and its mutated copy the losses of `demo` see two windows; what a variant does is a
    small part of either, and rules whose sites are rare or act at a distance (polyA signals, RBFOX,
    boundaries) stay unlearned. Here both alleles are in one batch, and the error of their
    difference is most of the gradient.
    """
    first = demo()
    mixture = Mixture(
        genome=0.45,
        mutated=0.05,
        soup=0.2,
        background=0.0,
        packed=0.15,
        ends=0.15,
        edits=6,
        functional=0.9,
        shift=1_024,
    )
    # Then what ends a transcript, of which the levels of RNA alone taught nothing.
    ends = dataclasses.replace(mixture, genome=0.3, packed=0.2, ends=0.25)
    structure = {"structure": 60.0, "rna_seq_effect": 150.0}
    everything = {
        "structure": 30.0,
        "splice_sites_classification": 1500.0,
        "usage_at_sites": 120.0,
        "contact_maps": 80.0,
        "dnase_effect": 80.0,
        "atac_effect": 30.0,
        "chip_tf_effect": 60.0,
        "rna_seq_effect": 120.0,
        "contact_maps_effect": 600.0,
        "usage_effect": 600.0,
    }
    # What makes the gradients of the single effects about equally large at the start.
    effects = {
        "dnase_effect": 30.0,
        "atac_effect": 15.0,
        "cage_effect": 40.0,
        "procap_effect": 12.0,
        "chip_tf_effect": 40.0,
        "chip_histone_effect": 40.0,
        "contact_maps_effect": 250.0,
        "genes_effect": 120.0,
        "rna_seq_effect": 80.0,
        "usage_effect": 300.0,
    }
    return dataclasses.replace(
        first,
        name="demo-effects",
        after=first.name,
        stream_start=first.steps,
        stages=(
            Stage(
                window=16_384,
                batch=2,
                steps=100,
                mixture=mixture,
                own_rate=(1e-4, 1.5e-3),
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=2_300,
                mixture=mixture,
                own_rate=(1.5e-3, 8e-4),
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_400,
                mixture=ends,
                head_weights=structure,
                own_rate=(1.5e-3, 8.7e-4),
                pairs=True,
            ),
            # The readouts need most of the gradient to be learned within minutes.
            Stage(
                window=8_192,
                batch=4,
                steps=1_200,
                mixture=ends,
                head_weights={**structure, "structure": 1000.0},
                own_rate=(2e-3, 1.2e-3),
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=900,
                mixture=ends,
                head_weights={**structure, "structure": 400.0},
                own_rate=(1.2e-3, 5e-4),
                ema=0.995,
                pairs=True,
            ),
            Stage(
                window=32_768,
                batch=2,
                steps=300,
                mixture=mixture,
                head_weights=structure,
                own_rate=(5e-4, 3e-5),
                ema=0.99,
                pairs=True,
            ),
            # What the readouts have crowded out.
            Stage(
                window=32_768,
                batch=2,
                steps=650,
                mixture=dataclasses.replace(mixture, genome=0.4, soup=0.3, ends=0.1),
                head_weights=everything,
                own_rate=(1.2e-3, 2e-5),
                ema=0.99,
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=1_450,
                mixture=dataclasses.replace(mixture, genome=0.4, soup=0.25, ends=0.05, packed=0.25),
                head_weights={
                    **everything,
                    "structure": 15.0,
                    "splice_sites_classification": 3000.0,
                    "splice_sites_junction": 4.0,
                    "usage_effect": 900.0,
                },
                own_rate=(1.4e-3, 2e-5),
                ema=0.996,
                pairs=True,
            ),
        ),
        structure=True,
        head_weights={
            **first.head_weights,
            **first.stages[-2].head_weights,
            **effects,
            "structure": 0.0,
        },
        evaluate_every=0,
    )


def demo_balanced() -> Recipe:
    """The shipped demo network: goes on from `demo-effects`, less than an hour on two free cores.

    The readouts taught where transcripts end, and crowded out what had been learned of boundaries,
    broken sites and the genes of single cell types. Here they have a small share, and the pairs
    have fewer edits, so that the effects of one do not hide those of another.
    """
    before = demo_effects()
    mixture = Mixture(
        genome=0.45,
        mutated=0.05,
        soup=0.2,
        background=0.0,
        packed=0.15,
        ends=0.15,
        edits=4,
        functional=0.9,
        shift=1_024,
    )
    weights = {
        "structure": 20.0,
        "splice_sites_classification": 1500.0,
        "splice_sites_junction": 3.0,
        "usage_at_sites": 120.0,
        "contact_maps": 80.0,
        "dnase_effect": 60.0,
        "atac_effect": 25.0,
        "cage_effect": 60.0,
        "chip_tf_effect": 60.0,
        "chip_histone_effect": 80.0,
        "contact_maps_effect": 500.0,
        "genes_effect": 240.0,
        "rna_seq_effect": 120.0,
        "usage_effect": 600.0,
    }
    return dataclasses.replace(
        before,
        name="demo-balanced",
        after=before.name,
        stream_start=before.stream_start + before.steps,
        stages=(
            # The optimiser knows nothing yet of the weights it is given.
            Stage(
                window=16_384,
                batch=2,
                steps=100,
                mixture=mixture,
                own_rate=(1e-4, 1.4e-3),
                pairs=True,
            ),
            Stage(
                window=16_384,
                batch=2,
                steps=3_000,
                mixture=mixture,
                own_rate=(1.4e-3, 8e-4),
                pairs=True,
            ),
            # Contacts and enhancers further away, to the end, so that none of it is forgotten.
            Stage(
                window=32_768,
                batch=2,
                steps=1_300,
                mixture=dataclasses.replace(mixture, edits=2),
                own_rate=(9e-4, 2e-5),
                ema=0.995,
                pairs=True,
            ),
        ),
        head_weights={**before.head_weights, **weights},
    )
