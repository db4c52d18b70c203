"""From arrays of the network to the SDK's TrackData and JunctionData.

Everything here is in forward genome order; the interval may be absent (a bare sequence).
"""

from dataclasses import dataclass

import numpy as np
from alphagenome.data.genome import Interval, Junction
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_output import OutputType

from predictor.engines.junctions import Junctions
from predictor.tracks import strand
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.catalogue import TrackTable
from predictor.tracks.output_types import OUTPUTS


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which tracks of a prediction are listed, and where the prediction lies.

    Attributes:
      interval: the window; its strand tells which strand the network saw. None for a bare
        sequence.
      width: of the window in bp.
      curies: only tracks with one of these terms; None for all.
    """

    interval: Interval | None
    width: int
    curies: tuple[str, ...] | None
    only_listed: bool = False

    def rows(self, table: TrackTable) -> np.ndarray:
        """The rows of a table that the network has to compute for what is listed, in its order."""
        listed = table.select(self.curies)
        if self.negative_strand and table.strands:
            partners: np.ndarray = strand.opposite_strand_index(table.strands)[listed]
            return partners
        return listed

    @property
    def copies(self) -> bool:
        """Tracks that are listed are not just those that were computed."""
        return not self.only_listed or self.negative_strand

    @property
    def negative_strand(self) -> bool:
        """The network saw the reverse complement."""
        return self.interval is not None and bool(self.interval.negative_strand)

    def tracks(
        self,
        kind: OutputType,
        table: TrackTable,
        values: np.ndarray,
        alignment: AlleleAlignment | None = None,
    ) -> TrackData:
        """One output type of one allele.

        Args:
          kind: a signal or a contact map.
          table: its tracks.
          values: [bins, T] or [bins, bins, T] in the orientation of the network; of all tracks,
            or of `rows` if only those are computed.
          alignment: where given, the values are those of ALT and are put into REF coordinates.

        Source: spec/scoring.md 3, 4.1.
        """
        about = OUTPUTS[kind]
        contact_map = about.kind == "contact_map"
        chosen = table.select(self.curies)
        if not self.only_listed:
            values = values[..., self.rows(table)]
        if self.negative_strand:
            values = (
                strand.forward_contact_maps(values)
                if contact_map
                else strand.forward_bins(values, shifts=table.shifts[chosen].tolist())
            )
        values = np.ascontiguousarray(values, np.float32)
        if alignment is not None:
            values = (
                alignment.contact_maps(values, about.resolution)
                if contact_map
                else alignment.tracks(values, about.resolution)
            )
        return TrackData(
            values=values,
            metadata=table.rows.iloc[chosen].reset_index(drop=True),
            resolution=about.resolution,
            interval=self.interval,
        )

    def junctions(self, table: TrackTable, found: Junctions) -> list[JunctionData]:
        """The junctions of every allele; alleles that share their sites share the list.

        + pairs first, donor by donor, then - pairs; start and end are those of the intron.

        Source: spec/scoring.md 5.
        """
        listed, before = [], None
        on_host = map(np.asarray, found.counts)
        for counts, positions in zip(on_host, np.asarray(found.positions), strict=True):
            if self.negative_strand:
                counts, positions = strand.forward_junctions(counts, positions, length=self.width)
            pairs = _pairs(positions, self._offset)
            if before is not None and np.array_equal(pairs, before):
                junctions = listed[-1].junctions
            else:
                junctions = self._junctions(pairs)
            before = pairs
            listed.append(self._junction_data(table, counts, pairs, junctions))
        return listed

    @property
    def _offset(self) -> int:
        return 0 if self.interval is None else int(self.interval.start)

    def _junctions(self, pairs: np.ndarray) -> np.ndarray:
        chromosome = "" if self.interval is None else self.interval.chromosome
        junctions = np.empty(len(pairs), object)
        for row, (minus, _, _, start, end) in enumerate(pairs.tolist()):
            junctions[row] = Junction(chromosome, start, end, "-" if minus else "+")
        return junctions

    def _junction_data(
        self, table: TrackTable, counts: np.ndarray, pairs: np.ndarray, junctions: np.ndarray
    ) -> JunctionData:
        chosen = table.select(self.curies)
        minus, donor, acceptor = pairs[:, 0, None], pairs[:, 1, None], pairs[:, 2, None]
        columns = np.arange(len(chosen)) if self.only_listed else chosen
        tissues = len(chosen) if self.only_listed else len(table.rows)
        # Released weights give counts as they are; ours are trained on counts divided by a mean.
        values = counts[donor, acceptor, minus * tissues + columns].astype(np.float32, copy=False)
        values *= table.nonzero_mean[chosen]
        return JunctionData(
            junctions=junctions,
            values=values,
            metadata=table.rows.iloc[chosen].reset_index(drop=True),
            interval=self.interval,
        )


def _pairs(positions: np.ndarray, offset: int) -> np.ndarray:
    """Every junction that can be listed.

    Args:
      positions: int [4, K], -1 is empty.
      offset: of the window in the genome.

    Returns:
      int [J, 5]: 1 for the - strand, column of the donor, column of the acceptor, start, end.
    """
    found = []
    for minus in (0, 1):
        donors, acceptors = positions[2 * minus], positions[2 * minus + 1]
        # Ascending, also where a reversed row descends: the list does not depend on the strand
        # that the network saw.
        rows, columns = np.argsort(donors, kind="stable"), np.argsort(acceptors, kind="stable")
        rows, columns = rows[donors[rows] >= 0], columns[acceptors[columns] >= 0]
        donor, acceptor = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
        left, right = (
            (acceptors[acceptor], donors[donor])
            if minus
            else (
                donors[donor],
                acceptors[acceptor],
            )
        )
        start, end = offset + left + 1, offset + right
        kept = (start < end) & (start > 0)
        strand_row = np.full(len(start), minus)
        found.append(np.stack([strand_row, donor, acceptor, start, end], axis=1)[kept])
    return np.concatenate(found).astype(np.int64)
