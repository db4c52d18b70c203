import type { Catalogue, Track } from "../../api/types";
import { byModality } from "./names";

/** Rows that stay fluid while dragging; more are offered a step at a time. */
export const MOST_ROWS = 40;

export interface Preset {
  name: string;
  title: string;
  sentence: string;
  accepts: (track: Track) => boolean;
}

const ofTypes =
  (...types: string[]) =>
  (track: Track) =>
    types.includes(track.output_type);

/** Ready selections; each is narrowed to the cell types in focus. */
export const PRESETS: Preset[] = [
  {
    name: "glance",
    title: "At a glance",
    sentence: "RNA, open chromatin, H3K27ac, splice junctions and contacts",
    accepts: (track) =>
      ["RNA_SEQ", "DNASE", "SPLICE_JUNCTIONS", "CONTACT_MAPS"].includes(track.output_type) ||
      (track.output_type === "CHIP_HISTONE" && track.histone_mark === "H3K27ac"),
  },
  {
    name: "regulation",
    title: "Regulation",
    sentence: "Open chromatin, histone marks and bound factors",
    accepts: ofTypes("DNASE", "ATAC", "CHIP_HISTONE", "CHIP_TF"),
  },
  {
    name: "expression",
    title: "Expression",
    sentence: "RNA and transcription starts",
    accepts: ofTypes("RNA_SEQ", "CAGE", "PROCAP"),
  },
  {
    name: "splicing",
    title: "Splicing",
    sentence: "Sites, their usage, junctions and RNA",
    accepts: ofTypes("RNA_SEQ", "SPLICE_SITES", "SPLICE_SITE_USAGE", "SPLICE_JUNCTIONS"),
  },
  {
    name: "everything",
    title: "Everything",
    sentence: "All tracks, forty at a time",
    accepts: () => true,
  },
];

/** Tracks in reading order: by modality, then by the order of the catalogue's cell types. */
export function inReadingOrder(tracks: Track[], catalogue: Catalogue): Track[] {
  const cells = new Map(catalogue.biosamples.map(({ ontology_curie }, index) => [ontology_curie, index]));
  const cell = (track: Track) => cells.get(track.ontology_curie) ?? cells.size;
  return [...tracks].sort(
    (a, b) => byModality(a.output_type, b.output_type) || cell(a) - cell(b) || a.index - b.index,
  );
}

export interface Focus {
  /** Output types and cell types of the request; null: all. */
  outputs: string[] | null;
  cells: string[] | null;
  /** Strand of the gene in question: RNA and junctions of the other strand are left out. */
  strand?: string | null;
}

export function presetTracks(catalogue: Catalogue, preset: Preset, focus: Focus): string[] {
  const chosen = catalogue.tracks.filter(
    (track) =>
      preset.accepts(track) &&
      (!focus.outputs || focus.outputs.includes(track.output_type)) &&
      (!focus.cells || track.ontology_curie === "" || focus.cells.includes(track.ontology_curie)) &&
      !(focus.strand && ["+", "-"].includes(track.strand) && track.strand !== focus.strand),
  );
  return inReadingOrder(chosen, catalogue).map(({ id }) => id);
}

/**
 * What is shown when nobody chose yet: the glance in the cell types in focus, and DNASE in every cell type beside
 * it, so that "only here" can be seen.
 */
export function defaultTracks(catalogue: Catalogue, focus: Focus): string[] {
  const [glance] = PRESETS;
  if (!glance) return [];
  const first = focus.cells ?? catalogue.biosamples.slice(0, 1).map(({ ontology_curie }) => ontology_curie);
  const inFocus = presetTracks(catalogue, glance, { ...focus, cells: first.slice(0, 2) });
  const dnase = presetTracks(
    catalogue,
    { ...glance, accepts: (track) => track.output_type === "DNASE" },
    { ...focus, cells: null },
  );
  const ids = new Set([...inFocus, ...dnase]);
  return inReadingOrder(
    catalogue.tracks.filter(({ id }) => ids.has(id)),
    catalogue,
  )
    .map(({ id }) => id)
    .slice(0, MOST_ROWS);
}
