"""`install-genome`, from a server, from a folder, and from a person's own files."""

import gzip
import hashlib
import json
import shutil

import pysam
import pytest
from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.download import Patience
from predictor.genome.gene_annotation import find_annotation, load_annotation
from predictor.genome.install_plan import Request
from predictor.genome.installation import install
from predictor.genome.polyadenylation import installed_sites
from predictor.genome.reference import Reference
from predictor.genome.reference_files import ASSEMBLIES

from .conftest import SIZES, Behaviour, annotation, fasta, gtf

FASTA_PATH = "/gencode/hg38/GRCh38.p13.genome.fa"
FASTA, GENES = "GRCh38.p13.genome.fa", "gencode.v46.annotation.gtf.gz.feather"


@pytest.fixture
def run(genomes, told):
    """Installs hg38; returns its folder."""
    patience = Patience(attempts=3, sleep=lambda _: None)

    def run(assembly="hg38", **wishes):
        install(Request(assembly=assembly, **wishes), told, patience=patience)
        return genomes / assembly

    return run


def contents(folder):
    """Every file under its final name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def genes_of(folder):
    return load_annotation(find_annotation(folder))


# What is installed


def test_an_assembly_from_a_server_can_be_read_in_every_part(run, mirror, told):
    folder = run(mirror=mirror.address)
    reference = Reference(folder / "genome.fa")
    assert reference.chromosome_sizes == SIZES
    assert (folder / "genome.fa").read_text() == fasta(SIZES)
    genes = genes_of(folder)
    assert [gene.id for gene in genes] == ["G1.1", "G2.1", "G3.1"]
    assert genes.find("NAME-1").transcripts[0].exons == ((100, 200), (800, 900))
    # From the splice tables, not from the exons.
    sites = genes.splice_sites(Interval("chr2", 0, 500))
    assert sites[109, 3]
    assert sites[400, 2]
    assert sites[:, :4].sum() == 2
    assert installed_sites(folder)["Start"].tolist() == [880, 700]
    assert "Installed the sequence, genes, splice-sites and polyadenylation of hg38" in told.text


def test_mouse_has_no_polyadenylation_sites(run, mirror):
    folder = run("mm10", mirror=mirror.address)
    assert sorted(contents(folder)) == [
        *("genes.feather", "genome.fa", "genome.fa.fai", "sources.json", "splice_sites.feather")
    ]
    with pytest.raises(errors.InstallationError, match="mm10 has no polyadenylation; it has"):
        run("mm10", mirror=mirror.address, only=["polyadenylation"])


def test_a_folder_gives_the_same_files_as_a_server(run, mirror, mirror_folder, tmp_path):
    first = contents(run(mirror=mirror.address))
    shutil.rmtree(tmp_path / "home")
    second = contents(run(mirror=str(mirror_folder)))
    del first["sources.json"], second["sources.json"]
    assert first == second


def test_a_folder_may_hold_all_files_side_by_side_and_compressed(run, mirror_folder, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for paths in ASSEMBLIES["hg38"].files.values():
        for path in paths:
            shutil.copy(mirror_folder / path, flat)
    (flat / f"{FASTA}.gz").write_bytes(gzip.compress((flat / FASTA).read_bytes()))
    (flat / FASTA).unlink()
    assert (run(mirror=str(flat)) / "genome.fa").read_text() == fasta(SIZES)


def test_where_everything_came_from_is_recorded_and_shown(run, mirror, told):
    folder = run(mirror=mirror.address)
    record = json.loads((folder / "sources.json").read_text())["pieces"]
    (source,) = record["sequence"]["sources"]
    digest = hashlib.sha256(fasta(SIZES).encode()).hexdigest()
    assert source["address"] == f"{mirror.address}{FASTA_PATH}"
    assert (source["size"], source["sha256"]) == (len(fasta(SIZES)), digest)
    assert source["date"].startswith("20")
    assert f"{FASTA}: {len(fasta(SIZES)):,} bytes, SHA-256 {digest} (first seen" in told.text
    assert [file["name"] for file in record["sequence"]["files"]] == ["genome.fa", "genome.fa.fai"]


def test_nothing_but_the_files_stays(run, mirror):
    folder = run(mirror=mirror.address)
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []


def test_what_the_sequence_lacks_of_the_annotation_is_said(run, mirror, told):
    run(mirror=mirror.address)
    assert (
        "genes: 3; 1 of 3 chromosomes are not in the FASTA: GL000009.2; their 1 genes are left out"
        in told.sentences
    )
    assert "genes: 1 of 3 chromosomes of the FASTA have none" in told.sentences
    assert any("chrZ; their 1 polyadenylation sites are left out" in s for s in told.sentences)
    assert any("that of GRCh38.p13 has 248,956,422" in sentence for sentence in told.sentences)


# Again, and after a failure


def test_a_second_time_everything_is_verified_and_nothing_fetched(run, mirror, told):
    before = contents(run(mirror=mirror.address))
    asked = len(mirror.requests)
    folder = run(mirror=mirror.address)
    assert contents(folder) == before
    assert len(mirror.requests) == asked
    assert sum("already installed on" in sentence for sentence in told.sentences) == 4
    assert told.sentences[-1].startswith("Nothing is left to do")


def test_a_damaged_file_is_made_anew_and_the_others_left_alone(run, mirror, told):
    folder = run(mirror=mirror.address)
    before = contents(folder)
    (folder / "genes.feather").write_bytes(b"damaged")
    mirror.requests.clear()
    run(mirror=mirror.address)
    del before["sources.json"]
    assert before.items() <= contents(folder).items()
    assert [path.rpartition("/")[2] for path, _ in mirror.requests] == [GENES]
    assert "genes: genes.feather changed after the installation; made anew." in told.sentences


def test_pieces_can_be_installed_one_after_the_other(run, mirror):
    with pytest.raises(errors.InstallationError, match="sequence of hg38 is not installed"):
        run(mirror=mirror.address, only=["genes"])
    run(mirror=mirror.address, only=["sequence"])
    folder = run(mirror=mirror.address, only=["genes"])
    assert sorted(contents(folder)) == [
        *("genes.feather", "genome.fa", "genome.fa.fai", "sources.json")
    ]
    assert len(genes_of(folder)) == 3


def test_a_file_that_the_server_lacks_leaves_nothing_and_loses_nothing(run, mirror, genomes):
    lost = mirror.files.pop(FASTA_PATH)
    with pytest.raises(errors.DownloadError, match=rf"{FASTA} cannot be fetched: .* 404"):
        run(mirror=mirror.address)
    assert contents(genomes / "hg38") == {}
    mirror.files[FASTA_PATH] = lost
    mirror.requests.clear()
    run(mirror=mirror.address)
    assert [path for path, _ in mirror.requests] == [FASTA_PATH]


def test_a_dropped_download_goes_on_with_the_next_command(run, mirror, genomes):
    run(mirror=mirror.address, only=["sequence"])
    shutil.rmtree(genomes / "hg38")
    mirror.requests.clear()
    mirror.behaviours.append(Behaviour(drop_after=1_000))
    mirror.behaviours.extend([Behaviour(status=502)] * 2)
    with pytest.raises(errors.DownloadError, match="1,000 bytes are kept, and the same command"):
        run(mirror=mirror.address, only=["sequence"])
    assert contents(genomes / "hg38") == {}
    folder = run(mirror=mirror.address, only=["sequence"])
    assert mirror.ranges_of(FASTA)[-1] == "bytes=1000-"
    assert (folder / "genome.fa").read_text() == fasta(SIZES)


def test_two_commands_at_once_do_not_mix(run, mirror, genomes):
    import fcntl

    run(mirror=mirror.address)
    (genomes / "hg38" / ".install").mkdir()
    with (genomes / "hg38" / ".install" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(errors.InstallationError, match="Another command is installing hg38"):
            run(mirror=mirror.address)
        assert (genomes / "hg38" / ".install" / "lock").exists()
    run(mirror=mirror.address)


# Checksums


def test_a_wrong_given_checksum_is_refused_and_the_file_set_aside(run, mirror, genomes):
    found = hashlib.sha256(fasta(SIZES).encode()).hexdigest()
    with pytest.raises(errors.ChecksumError) as caught:
        run(mirror=mirror.address, sha256={FASTA: "0" * 64})
    assert found in caught.value.message
    assert f"not {'0' * 64} as given" in caught.value.message
    assert contents(genomes / "hg38") == {}
    (aside,) = (genomes / "hg38").rglob("*.wrong")
    assert str(aside) in caught.value.message
    assert aside.read_text() == fasta(SIZES)


def test_a_right_given_checksum_is_confirmed_and_what_was_set_aside_goes(
    run, mirror, genomes, told
):
    found = hashlib.sha256(fasta(SIZES).encode()).hexdigest()
    with pytest.raises(errors.ChecksumError):
        run(mirror=mirror.address, sha256={FASTA: "0" * 64})
    run(mirror=mirror.address, sha256={FASTA: found.upper()})
    assert f"SHA-256 {found} (as given)" in told.text
    assert list((genomes / "hg38").rglob("*.wrong")) == []


def test_a_published_file_must_stay_what_it_was_when_first_seen(run, mirror, told):
    folder = run(mirror=mirror.address)
    before = contents(folder)
    (path,) = (path for path in mirror.files if path.endswith(f"hg38/{GENES}"))
    good, bad = mirror.files[path], mirror.files[path] + b"x"
    mirror.files[path] = bad
    (folder / "genes.feather").unlink()
    with pytest.raises(errors.ChecksumError, match=r"recorded on .* add --sha256") as caught:
        run(mirror=mirror.address)
    assert hashlib.sha256(good).hexdigest() in caught.value.message
    assert hashlib.sha256(bad).hexdigest() in caught.value.message
    assert not (folder / "genes.feather").exists()
    mirror.files[path] = good
    run(mirror=mirror.address)
    assert contents(folder)["genes.feather"] == before["genes.feather"]


def test_a_checksum_of_a_file_that_is_not_wanted_is_refused(run, mirror):
    with pytest.raises(errors.InstallationError, match=f"given for x.fa, .* files are {FASTA}"):
        run(mirror=mirror.address, sha256={"x.fa": "0" * 64})
    with pytest.raises(errors.InstallationError, match="it has 64 digits"):
        run(mirror=mirror.address, sha256={FASTA: "123"})
    assert mirror.requests == []


# A person's own files


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "my.fa").write_text(fasta(SIZES))
    (folder / "my.gtf").write_text(gtf(annotation()))
    return folder


def test_own_files_alone_are_enough(run, own, told):
    folder = run(fasta=str(own / "my.fa"), annotation=str(own / "my.gtf"))
    assert (folder / "genome.fa").read_text() == fasta(SIZES)
    genes = genes_of(folder)
    assert [gene.id for gene in genes] == ["G1.1", "G2.1", "G3.1"]
    # No tables, so the ends of the exons.
    assert genes.splice_sites(Interval("chr1", 0, 1_000))[199, 0]
    assert (own / "my.fa").read_text() == fasta(SIZES)


@pytest.mark.parametrize("compress", [gzip.compress, None], ids=["gzip", "bgzip"])
def test_a_compressed_fasta_is_unpacked(run, own, compress):
    packed = own / "my.fa.gz"
    if compress is None:
        with pysam.BGZFile(str(packed), "wb") as file:
            file.write(fasta(SIZES).encode())
    else:
        packed.write_bytes(compress(fasta(SIZES).encode()))
    folder = run(fasta=str(packed))
    assert (folder / "genome.fa").read_text() == fasta(SIZES)
    assert Reference(folder / "genome.fa").chromosome_sizes == SIZES


def test_a_real_bgzipped_fasta_is_installed(run, repository):
    path = repository.parent / "shared" / "data" / "fasta" / "hg38_chr1_1-1000000.fa.gz"
    if not path.exists():
        pytest.skip("the test data are not beside the repository")
    reference = Reference(run(fasta=str(path)) / "genome.fa")
    assert list(reference.chromosome_sizes.values()) == [1_000_000]


@pytest.mark.parametrize(
    ("fasta_name", "annotation_name"),
    [("chr{}", "{}"), ("{}", "chr{}"), ("NC_00000{}.11", "chr{}"), ("chr{}", "NC_00000{}.11")],
)
def test_names_of_chromosomes_are_reconciled(run, own, fasta_name, annotation_name):
    name, other = fasta_name.format(1), annotation_name.format(1)
    (own / "my.fa").write_text(fasta({name: 3_000}))
    frame = annotation()
    frame = frame[frame["Chromosome"] == "chr1"].assign(Chromosome=other)
    (own / "my.gtf").write_text(gtf(frame))
    folder = run(fasta=str(own / "my.fa"), annotation=str(own / "my.gtf"))
    assert [gene.chromosome for gene in genes_of(folder)] == [name, name]


def test_one_file_may_stand_behind_from(run, own):
    run(mirror=str(own / "my.fa"))
    folder = run(mirror=str(own / "my.gtf"))
    assert len(genes_of(folder)) == 3


def test_own_genes_beside_a_mirror_take_the_place_of_the_published_ones(run, mirror, own, told):
    frame = annotation()
    (own / "my.gtf").write_text(gtf(frame[frame["gene_id"] == "G3.1"]))
    folder = run(mirror=mirror.address, annotation=str(own / "my.gtf"))
    assert [gene.id for gene in genes_of(folder)] == ["G3.1"]
    assert (folder / "polyadenylation.feather").exists()


def test_an_own_file_that_changed_is_installed_again(run, own):
    run(fasta=str(own / "my.fa"), annotation=str(own / "my.gtf"))
    frame = annotation()
    (own / "my.gtf").write_text(gtf(frame[frame["gene_id"] == "G1.1"]))
    folder = run(fasta=str(own / "my.fa"), annotation=str(own / "my.gtf"))
    assert len(genes_of(folder)) == 1


# What does not fit is refused, and what was there stays


BAD_FASTA = {
    "irregular": (">chr1\nACGT\nAC\nACGT\n", "cannot be indexed"),
    "twice": (">chr1\nACGT\n>chr1\nACGT\n", "no two sequences may have one name"),
    "page": ("<html>\n", 'it begins with "<html>"'),
    "empty": ("", "is empty"),
    "other names": (">demo7\nACGT\n", "The genes that are installed lie on chr1"),
}


@pytest.mark.parametrize("name", BAD_FASTA)
def test_an_unusable_sequence_is_refused_and_the_old_one_stays(run, mirror, own, name):
    folder = run(mirror=mirror.address)
    before = contents(folder)
    content, sentence = BAD_FASTA[name]
    (own / "bad.fa").write_text(content)
    with pytest.raises(errors.AllelensError, match=sentence):
        run(fasta=str(own / "bad.fa"))
    assert contents(folder) == before
    assert [path for path in folder.iterdir() if path.is_dir()] == []


def test_a_compressed_sequence_that_is_cut_off_is_refused(run, own, genomes):
    (own / "cut.fa.gz").write_bytes(gzip.compress(fasta(SIZES).encode())[:900])
    with pytest.raises(errors.InvalidFastaError, match="cannot be unpacked"):
        run(fasta=str(own / "cut.fa.gz"))
    assert not (genomes / "hg38").exists()


BAD_GENES = {
    "other assembly": (
        gtf(annotation().assign(Chromosome="scaffold7")),
        "1 of 1 chromosomes are not in the FASTA: scaffold7",
    ),
    "beyond the end": (
        gtf(annotation().assign(Chromosome="chr2")),
        "it reaches to position 3,000 of chr2, which has 2,000 bp",
    ),
    "no genes": ("# nothing\n", "holds no genes"),
    "page": ("<html>\n", "has 1 columns"),
}


@pytest.mark.parametrize("name", BAD_GENES)
def test_an_unusable_annotation_is_refused_and_the_old_one_stays(run, mirror, own, name):
    folder = run(mirror=mirror.address)
    before = contents(folder)
    content, sentence = BAD_GENES[name]
    (own / "bad.gtf").write_text(content)
    with pytest.raises(errors.AllelensError, match=sentence):
        run(annotation=str(own / "bad.gtf"))
    assert contents(folder) == before


def test_a_sequence_is_not_exchanged_if_the_genes_given_with_it_do_not_fit(run, mirror, own):
    folder = run(mirror=mirror.address)
    before = contents(folder)
    (own / "my.fa").write_text(fasta({"chr1": 5_000}))
    (own / "my.gtf").write_text(BAD_GENES["other assembly"][0])
    with pytest.raises(errors.AssemblyMismatchError):
        run(fasta=str(own / "my.fa"), annotation=str(own / "my.gtf"))
    assert contents(folder) == before


# Wishes that cannot be met


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"assembly": "demoH1"}, "demoH1 is invented .* simulate genome"),
        ({"assembly": "hg19"}, 'no genome "hg19" to install; there are hg38 .GRCh38.p13. and mm10'),
        ({"fasta": "absent.fa"}, "no file absent.fa"),
        ({"mirror": "absent"}, "no folder or file absent"),
        ({"mirror": "ftp://x/y"}, "begins with ftp://; only http:// and https://"),
        ({"only": ["exons"]}, 'no piece "exons" of a genome; the pieces are sequence, genes'),
        ({"fasta": __file__, "only": ["genes"]}, "--only leaves that piece out"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence_and_touches_nothing(
    run, genomes, wishes, sentence
):
    with pytest.raises(errors.AllelensError, match=sentence):
        run(**wishes)
    assert not genomes.exists()


def test_a_folder_that_lacks_a_file_is_named_with_the_way_out(run, mirror_folder, tmp_path):
    shutil.copytree(mirror_folder, tmp_path / "part")
    (tmp_path / "part" / "gencode" / "hg38" / GENES).unlink()
    with pytest.raises(
        errors.InstallationError, match=rf"lacks gencode/hg38/{GENES}, the genes; .* --only"
    ):
        run(mirror=str(tmp_path / "part"))
    run(mirror=str(tmp_path / "part"), only=["sequence"])


def test_a_record_that_cannot_be_read_costs_another_installation_only(run, mirror):
    folder = run(mirror=mirror.address)
    (folder / "sources.json").write_text("{")
    run(mirror=mirror.address)
    assert "sequence" in json.loads((folder / "sources.json").read_text())["pieces"]
