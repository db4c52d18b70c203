import type { Catalogue, Chunk, Job, OutputType, Track } from "../../api/types";
import { DIFFERENCE_HEIGHT, OVERLAY_HEIGHT } from "../../genome/igv/signalRow";
import type { Shown } from "./viewState";

export const GENES_ROW = "genes";

/** Where a row's data stand: what the page says in the row before they are drawn. */
export type RowState = "unasked" | "not-asked-for" | "coming" | "overview" | "here" | "failed";

export interface PlannedRow {
  id: string;
  track: Track;
  type: OutputType;
  height: number;
  state: RowState;
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
  labelRoom: number,
): PlannedRow[] {
  const tracks = new Map(catalogue.tracks.map((track) => [track.id, track]));
  return ids.flatMap((id) => {
    const track = tracks.get(id);
    const type = track && types.get(track.output_type);
    if (!track || !type) return [];
    return [{ id, track, type, height: rowHeight(type, shown, hasAlternate, labelRoom), state: rowState(track, job, chunk) }];
  });
}

function rowHeight(type: OutputType, shown: Shown, hasAlternate: boolean, labelRoom: number): number {
  if (type.kind === "junctions") return JUNCTION_HEIGHT;
  if (type.kind === "contact_map") return CONTACT_HEIGHT;
  const difference = shown.difference && hasAlternate ? DIFFERENCE_HEIGHT : 0;
  const overlay = shown.reference || shown.alternate || !difference ? OVERLAY_HEIGHT + labelRoom : 0;
  return Math.max(overlay + difference, LEAST_HEIGHT);
}

function rowState(track: Track, job: Job | null, chunk: Chunk | undefined): RowState {
  if (!job || !chunk) return "unasked";
  const part = chunk.parts.find(({ output_type }) => output_type === track.output_type);
  if (!part || (part.tracks.length > 0 && !part.tracks.includes(track.id))) return "not-asked-for";
  if (part.state === "complete") return "here";
  if (part.state === "overview") return "overview";
  return chunk.state === "failed" || job.state === "failed" || job.state === "cancelled" ? "failed" : "coming";
}

/** Says what a reader sees instead of data. */
export const ROW_WORDS: Record<RowState, string | null> = {
  unasked: "no prediction yet",
  "not-asked-for": "not part of this prediction",
  coming: "arriving …",
  overview: null,
  here: null,
  failed: "did not arrive",
};
