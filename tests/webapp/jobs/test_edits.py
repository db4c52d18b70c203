import pytest

from webapp.jobs.plan import edits_of


def variant(position, reference, alternate):
    return {
        "position": position,
        "reference_bases": reference,
        "alternate_bases": alternate,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (variant(10, "C", "A"), [("substitution", 9, 10, 1)]),
        (variant(10, "C", "CGG"), [("insertion", 10, 10, 2)]),
        (variant(10, "CGG", "C"), [("deletion", 10, 12, 2)]),
        (variant(10, "CA", "TG"), [("substitution", 9, 11, 2)]),
        (variant(10, "CAT", "CGT"), [("substitution", 10, 11, 1)]),
        (variant(10, "CA", "TGG"), [("substitution", 9, 11, 2), ("insertion", 11, 11, 1)]),
        (variant(10, "CAA", "T"), [("substitution", 9, 10, 1), ("deletion", 10, 12, 2)]),
    ],
)
def test_edits_leave_out_what_both_alleles_share(given, expected):
    found = [(e["kind"], e["start"], e["end"], e["length"]) for e in edits_of([given])]
    assert found == expected
