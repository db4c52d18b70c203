import { memo } from "react";
import type { RowPlace } from "../../genome/igv/genomeView";
import { RULER_ROW, SEQUENCE_ROW } from "../../genome/igv/genomeView";
import { DIFFERENCE_HEIGHT } from "../../genome/igv/signalRow";
import { PREDICTED, TRUTH } from "../../genome/igv/withTruth";
import { cellName, measurementName, strandSign, trackTitle } from "../../genome/tracks/names";
import { MODALITY_COLOURS } from "../../genome/tracks/palette";
import { Icon } from "../../ui/icons";
import { significant } from "../../ui/numbers";
import { GENES_ROW, type PlannedRow, ROW_WORDS, TRUTH_WORDS } from "./rowPlan";
import { truthOf, useRows } from "./rowStore";
import type { ContactMode, Shown } from "./viewState";

interface RowNamesProps {
  places: RowPlace[];
  rows: PlannedRow[];
  chromosome: string;
  /** The bases can be read at this zoom. */
  near: boolean;
  contacts: ContactMode;
  shown: Shown;
  hasAlternate: boolean;
  onContacts: (mode: ContactMode) => void;
  onHide: (id: string) => void;
}

const CONTACT_SWITCH: [ContactMode, string][] = [
  ["reference", "REF"],
  ["alternate", "ALT"],
  ["difference", "ALT−REF"],
];

/**
 * The column of names, aligned with igv's rows; on a phone the names lie over the rows. Memoised: it must not be drawn
 * again with every step of a drag.
 */
export const RowNames = memo(function RowNames({ places, rows, chromosome, near, ...rest }: RowNamesProps) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const plain: Record<string, string> = {
    [RULER_ROW]: chromosome,
    [SEQUENCE_ROW]: near ? "bases" : "zoom in for bases",
    [GENES_ROW]: "genes",
  };
  return (
    <div className="row-names">
      {places.map(({ id, top, height }) => {
        const row = byId.get(id);
        return (
          <div key={id} className={`row-name ${row ? "" : "row-name-plain"} ${row && row.truthHeight > 0 ? "row-with-truth" : ""}`} style={{ top, height }} data-testid={row ? "track-row" : undefined} data-track={row?.id} data-state={row?.state}>
            {row ? <TrackName row={row} {...rest} /> : <span className="quiet">{plain[id]}</span>}
          </div>
        );
      })}
    </div>
  );
});

type TrackNameProps = Pick<RowNamesProps, "contacts" | "onContacts" | "onHide" | "hasAlternate" | "shown"> & { row: PlannedRow };

function TrackName({ row, contacts, shown, hasAlternate, onContacts, onHide }: TrackNameProps) {
  const { track, type, state } = row;
  const scale = useRows((store) => store.scales[row.id]);
  const failure = useRows((store) => store.failures[row.id]);
  const words = failure ? "could not be read" : ROW_WORDS[state];
  const overlay = shown.reference || shown.alternate;
  const drawn = state === "here" || state === "overview";
  return (
    <>
      <span className="tag" style={{ background: MODALITY_COLOURS[track.output_type] }} />
      <span className="row-words" title={`${trackTitle(track, type)}. ${type.sentence}`}>
        <span className="row-measure">
          {measurementName(track, type)}
          {strandSign(track.strand) ? <span className="strand"> {strandSign(track.strand)}</span> : null}
        </span>
        <span className="row-cell">{cellName(track)}</span>
        {row.truthHeight > 0 ? <span className="row-source">{PREDICTED}</span> : null}
        {words ? (
          <span className={`row-state row-state-${failure ? "failed" : state}`} title={failure}>
            {words}
          </span>
        ) : null}
        {type.kind === "contact_map" && hasAlternate ? (
          <span className="mini-switch" role="group" aria-label="Contact map of">
            {CONTACT_SWITCH.map(([mode, word]) => (
              <button key={mode} type="button" aria-pressed={contacts === mode} onClick={() => onContacts(mode)} data-testid={`contacts-${mode}`}>
                {word}
              </button>
            ))}
          </span>
        ) : null}
      </span>
      {type.kind === "signal" && drawn && scale ? (
        <span className="row-scale" aria-hidden="true" style={{ bottom: row.truthHeight }}>
          {overlay ? <span className="scale-top">{significant(scale.max, 2)}</span> : null}
          {shown.difference && scale.difference !== null ? (
            <span className="scale-difference" style={{ height: DIFFERENCE_HEIGHT }}>
              ±{significant(scale.difference, 2)}
            </span>
          ) : null}
        </span>
      ) : null}
      {row.truthHeight > 0 ? <TruthName row={row} top={scale && drawn && type.kind === "signal" && overlay ? significant(scale.max, 2) : null} /> : null}
      <button type="button" className="row-hide" aria-label={`Hide ${trackTitle(track, type)}`} title="Hide" onClick={() => onHide(row.id)}>
        <Icon name="close" size={12} />
      </button>
    </>
  );
}

/** Beside the lower half of a row: who says it, where it stands, and the scale, which is that of the prediction. */
function TruthName({ row, top }: { row: PlannedRow; top: string | null }) {
  const failure = useRows((store) => store.failures[truthOf(row.id)]);
  const words = failure ? "could not be read" : TRUTH_WORDS[row.truthState];
  return (
    <span className="row-truth" style={{ height: row.truthHeight }} data-testid="truth-name" data-state={row.truthState}>
      <span className="row-source">{TRUTH}</span>
      {words ? (
        <span className={`row-state row-state-${failure ? "failed" : row.truthState}`} title={failure}>
          {words}
        </span>
      ) : null}
      {top && !words ? (
        <span className="scale-top" aria-hidden="true">
          {top}
        </span>
      ) : null}
    </span>
  );
}
