import type { Catalogue, Chunk, Job, OutputType, Source, Track } from "../../api/types";
import { DIFFERENCE_HEIGHT, OVERLAY_HEIGHT } from "../../genome/igv/signalRow";
import { partOf } from "../jobs/parts";
import type { Shown } from "./viewState";

export const GENES_ROW = "genes";

/** Where a row's data stand: what the page says in the row before they are drawn. */
export type RowState = "unasked" | "not-asked-for" | "coming" | "overview" | "here" | "failed";

export interface PlannedRow {
  id: string;
  track: Track;
  type: OutputType;
  /** Of the whole row. */
  height: number;
  state: RowState;
  /** Height of the simulator's truth at the bottom of the row; 0 where it is not shown. */
  truthHeight: number;
  truthState: RowState;
}

/** Name, cell type and state of a row take this much. */
const LEAST_HEIGHT = 60;
const JUNCTION_HEIGHT = 92;
const CONTACT_HEIGHT = 116;

/** Rows with the heights they will have when drawn: nothing moves when data arrive. */
export function planRows(
  ids: string[],
  catalogue: Catalogue,
  types: ReadonlyMap<string, OutputType>,
  job: Job | null,
  chunk: Chunk | undefined,
  shown: Shown,
  hasAlternate: boolean,
  truth: boolean,
  labelRoom: number,
): PlannedRow[] {
  const tracks = new Map(catalogue.tracks.map((track) => [track.id, track]));
  return ids.flatMap((id) => {
    const track = tracks.get(id);
    const type = track && types.get(track.output_type);
    if (!track || !type) return [];
    const predicted = rowHeight(type, shown, hasAlternate, labelRoom);
    const truthHeight = truth ? heightOfTruth(type, shown, hasAlternate, labelRoom) : 0;
    return [
      {
        id,
        track,
        type,
        height: predicted + truthHeight,
        state: rowState(track, job, chunk, "prediction"),
        truthHeight,
        truthState: rowState(track, job, chunk, "truth"),
      },
    ];
  });
}

function rowHeight(type: OutputType, shown: Shown, hasAlternate: boolean, labelRoom: number): number {
  if (type.kind === "junctions") return JUNCTION_HEIGHT;
  if (type.kind === "contact_map") return CONTACT_HEIGHT;
  const difference = shown.difference && hasAlternate ? DIFFERENCE_HEIGHT : 0;
  const overlay = shown.reference || shown.alternate || !difference ? OVERLAY_HEIGHT + labelRoom : 0;
  return Math.max(overlay + difference, LEAST_HEIGHT);
}

/** Junctions and contacts as large as the prediction, mirrored or not; signals as overlay or, alone, as difference. */
function heightOfTruth(type: OutputType, shown: Shown, hasAlternate: boolean, labelRoom: number): number {
  if (type.kind !== "signal") return rowHeight(type, shown, hasAlternate, labelRoom);
  const overlay = shown.reference || shown.alternate || !hasAlternate;
  return (overlay || !shown.difference ? OVERLAY_HEIGHT : DIFFERENCE_HEIGHT) + labelRoom;
}

function rowState(track: Track, job: Job | null, chunk: Chunk | undefined, source: Source): RowState {
  if (!job || !chunk) return "unasked";
  const part = partOf(chunk, track.output_type, source);
  if (!part || (part.tracks.length > 0 && !part.tracks.includes(track.id))) return "not-asked-for";
  if (part.state === "complete") return "here";
  if (part.state === "overview") return "overview";
  return chunk.state === "failed" || job.state === "failed" || job.state === "cancelled" ? "failed" : "coming";
}

/** The same for the truth. */
export const TRUTH_WORDS: Record<RowState, string | null> = {
  unasked: "not computed yet",
  "not-asked-for": "not known",
  coming: "arriving …",
  overview: null,
  here: null,
  failed: "did not arrive",
};

/** Says what a reader sees instead of data. */
export const ROW_WORDS: Record<RowState, string | null> = {
  unasked: "no prediction yet",
  "not-asked-for": "not part of this prediction",
  coming: "arriving …",
  overview: null,
  here: null,
  failed: "did not arrive",
};
