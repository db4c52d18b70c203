import { useState } from "react";
import { sentence as sentenceOf } from "../../api/errors";
import { useChanges } from "../../api/queries";
import type { Catalogue, ChangeRow, Changes, Chunk, Example, Job } from "../../api/types";
import { PREDICTED, TRUTH } from "../../genome/igv/withTruth";
import { measurementName, strandSign, typesByName } from "../../genome/tracks/names";
import { MODALITY_COLOURS } from "../../genome/tracks/palette";
import { grouped, plural, significant, signed } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { numberComplete, partsOf } from "../jobs/parts";

/** Below this the two alleles are called alike: 2^0.1 is a change of 7 %. */
const ALIKE_LOG2 = 0.1;

interface ChangesPanelProps {
  /** The simulator's numbers stand beside the predicted ones. */
  truth: boolean;
  job: Job | null;
  chunk: Chunk | undefined;
  catalogue: Catalogue | undefined;
  example: Example | undefined;
  /** Rows shown before the reader asks for more. */
  atFirst: number;
  onShow: (row: ChangeRow) => void;
}

/** The answer in words and numbers, strongest first; every row leads to its place in the tracks. */
export function ChangesPanel({ truth, job, chunk, catalogue, example, atFirst, onShow }: ChangesPanelProps) {
  const predicted = partsOf(chunk, "prediction");
  const complete = numberComplete(predicted);
  const truths = partsOf(chunk, "truth");
  const changes = useChanges(chunk && chunk.variants.length > 0 ? chunk.id : undefined, complete, numberComplete(truths));
  const [all, setAll] = useState(false);
  const rows = changes.data?.rows ?? [];
  // A true change that the prediction misses belongs to what changes.
  const stays = (row: ChangeRow) => isUncalled(row) && !(truth && row.truth && !isAlike(row.truth));
  const changed = rows.filter((row) => !stays(row));
  const alike = rows.filter(stays);
  const coming = predicted.length - complete;
  const shown = all ? changed : changed.slice(0, atFirst);

  return (
    <aside className="panel changes" aria-labelledby="changes-title" data-testid="changes">
      <h2 id="changes-title">What changes</h2>
      {!job ? <p className="quiet">The answer will stand here: each track, REF and ALT, strongest change first.</p> : null}
      {job && chunk?.variants.length === 0 ? (
        <p className="quiet">This is a REF-only prediction. Add a variant in the search box to see what it changes.</p>
      ) : null}
      {changes.data?.sentence ? (
        <p className="changes-sentence">
          {truth ? <span className="said-by">{PREDICTED}: </span> : null}
          {changes.data.sentence}
        </p>
      ) : null}
      {truth && changes.data?.truth ? (
        <p className="changes-sentence changes-truth" data-testid="changes-truth">
          <span className="said-by">{TRUTH}: </span>
          {changes.data.truth.sentence}
        </p>
      ) : null}
      {changes.isError ? <Notice kind="error">{sentenceOf(changes.error)}</Notice> : null}
      {rows.length > 0 ? (
        <ol className="change-list">
          {shown.map((row) => (
            <li key={`${row.track}-${row.measure}`}>
              <Change row={row} truth={truth} catalogue={catalogue} onShow={onShow} />
            </li>
          ))}
        </ol>
      ) : null}
      {changed.length > atFirst ? (
        <button type="button" className="more" onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${plural(changed.length - atFirst, "more track")}`}
        </button>
      ) : null}
      {alike.length > 0 ? (
        <details className="alike" data-testid="changes-alike">
          <summary>{uncalledWords(alike)}</summary>
          <ol className="change-list">
            {alike.map((row) => (
              <li key={`${row.track}-${row.measure}`}>
                <Change row={row} truth={truth} catalogue={catalogue} onShow={onShow} />
              </li>
            ))}
          </ol>
        </details>
      ) : null}
      {job && chunk && chunk.variants.length > 0 && coming > 0 && job.state !== "failed" && job.state !== "cancelled" ? (
        <p className="quiet">{plural(coming, "part")} still coming; the order may change.</p>
      ) : null}
      {example ? <ExampleNote example={example} /> : null}
      {changes.data && changes.data.rows.length > 0 ? (
        <p className="changes-note">
          Predicted by {changes.data.model.engine}
          {changes.data.model.weights_digest ? ` ${changes.data.model.weights_digest.slice(0, 8)}` : ""}, window{" "}
          {grouped(changes.data.window)} bp. Ordered by the log2 ratio, with 1 added to both alleles.
          {changes.data.background ? ` ${backgroundWords(changes.data.background, changes.data.window)}` : ""}
          {truth ? " Truth by the simulator of the invented genome: the same window, measured at the same bases in the same unit." : ""}
        </p>
      ) : null}
    </aside>
  );
}

/** What is known of this place: a reader can compare it with what the model says. */
function ExampleNote({ example }: { example: Example }) {
  return (
    <details className="alike" data-testid="example-note">
      <summary>What is known here: {example.title.split(":")[0]}</summary>
      <p>{example.sentence}</p>
      <ul className="look-at">
        {example.look_at.split(";").map((words) => (
          <li key={words}>{words.trim()}</li>
        ))}
      </ul>
    </details>
  );
}

const MEASURES: [RegExp, string][] = [
  [/^sum_(\d+)bp_at_variant$/, "sum of $1 bp at the variant"],
  [/^sum_(\d+)bp_changed_most$/, "sum of the $1 bp that change most"],
  [/^base_changed_most$/, "the base that changes most"],
  [/^junction_changed_most$/, "the junction that changes most"],
  [/^contact_changed_most$/, "the contact that changes most"],
];

/** The API's name of a measure in words; a new one is shown with its underscores opened. */
export function measureWords(measure: string): string {
  const known = MEASURES.find(([pattern]) => pattern.test(measure));
  return known ? measure.replace(known[0], known[1]) : measure.replaceAll("_", " ");
}

/** Rows that are no answer: hardly a change, or no more than a shifted window changes by itself. */
function isUncalled(row: ChangeRow): boolean {
  return isAlike(row) || row.background?.is_called === false;
}

/** How many tracks are left out of the answer, and why. */
export function uncalledWords(rows: readonly ChangeRow[]): string {
  const noise = rows.some(({ background }) => background?.is_called === false);
  return `${plural(rows.length, "track")}: no call (less than 7 %${noise ? ", or below the noise floor" : ""})`;
}

/** What ranks and noise floors were measured on, and what that means in a window of another length. */
export function backgroundWords({ label, variants, indels, window }: NonNullable<Changes["background"]>, shown: number): string {
  const number = variants === null ? "" : `${grouped(variants)}, `;
  const kinds = indels ? `${grouped(indels)} of them insertions or deletions, ` : "";
  const width = window === null ? "" : `, window ${grouped(window)} bp`;
  const other = window === null || window === shown ? "" : " In a window of another length noise may differ, and what changes most in it has no quantile.";
  return `Quantile: rank of the same measure among common variants (${number}${kinds}${label}${width}). Noise floor: of 100 differences between shifted windows, 95 are smaller.${other}`;
}

function isAlike({ log2_ratio: ratio, difference }: Numbers): boolean {
  return ratio === null ? Math.abs(difference) < 0.05 : Math.abs(ratio) < ALIKE_LOG2;
}

type Numbers = Pick<ChangeRow, "reference" | "alternate" | "difference" | "log2_ratio">;

function Change({ row, truth, catalogue, onShow }: { row: ChangeRow; truth: boolean; catalogue: Catalogue | undefined; onShow: (row: ChangeRow) => void }) {
  const track = catalogue?.tracks.find(({ id }) => id === row.track);
  const name = track ? measurementName(track, typesByName(catalogue).get(track.output_type)) : row.label;
  return (
    <button type="button" className="change" onClick={() => onShow(row)} data-testid="change-row" data-track={row.track} title={`${row.label}: ${measureWords(row.measure)}${row.log2_ratio === null ? "" : `, log2 ratio ${signed(row.log2_ratio)} (1 added to both)`}${row.background ? `; ${standingInFull(row.background)}` : ""}. Show it in the tracks.`}>
      <span className="tag" style={{ background: MODALITY_COLOURS[row.output_type] }} />
      <span className="change-what">
        <span className="change-name">
          {name}
          {strandSign(row.strand) ? <span className="strand"> {strandSign(row.strand)}</span> : null}
        </span>
        <span className="change-cell">{row.biosample_name || "all cell types"}</span>
      </span>
      {truth ? null : (
        <span className="change-values">
          <Fold numbers={row} />
          <Alleles numbers={row} />
        </span>
      )}
      {truth ? (
        <span className="compared">
          <span className="said-by" title={PREDICTED}>
            predicted
          </span>
          <Alleles numbers={row} />
          <Fold numbers={row} />
          <span className="said-by" title={TRUTH}>
            truth
          </span>
          {row.truth ? (
            <>
              <Alleles numbers={row.truth} />
              <Fold numbers={row.truth} />
            </>
          ) : (
            <span className="change-numbers compared-none">not here yet, or not known</span>
          )}
        </span>
      ) : null}
      <span className="change-unit">
        {measureWords(row.measure)}
        {row.unit ? `; ${row.unit}` : ""}
        {row.background ? `; ${standing(row.background)}` : ""}
      </span>
    </button>
  );
}

/** Where a change stands: its rank among common variants, or that it is no more than noise. */
export function standing({ quantile, noise_floor: floor, is_called: called }: NonNullable<ChangeRow["background"]>): string {
  if (!called) return `no call, noise floor ${significant(floor)}`;
  return quantile === null ? `noise floor ${significant(floor)}` : `quantile ${quantile.toFixed(3)}`;
}

/** The same with both numbers: the floor is of the log2 ratio, or of the difference where there is none. */
export function standingInFull({ quantile, noise_floor: floor, is_called: called }: NonNullable<ChangeRow["background"]>): string {
  const rank = quantile === null ? "" : `quantile ${quantile.toFixed(3)}, `;
  return `${called ? "" : "no call, "}${rank}noise floor ${significant(floor)}`;
}

function Fold({ numbers }: { numbers: Numbers }) {
  const up = numbers.alternate >= numbers.reference;
  const alike = isAlike(numbers);
  return (
    <span className={alike ? "change-fold" : up ? "change-fold gain" : "change-fold loss"}>
      <span aria-hidden="true">{alike ? "≈" : up ? "▲" : "▼"}</span>
      <span className="hidden">{alike ? "about the same" : up ? "up" : "down"}</span>{" "}
      {numbers.log2_ratio !== null && numbers.reference > 0 ? `× ${significant(numbers.alternate / numbers.reference)}` : signed(numbers.difference)}
    </span>
  );
}

function Alleles({ numbers }: { numbers: Numbers }) {
  return (
    <span className="change-numbers">
      {significant(numbers.reference)} → {significant(numbers.alternate)}
    </span>
  );
}
