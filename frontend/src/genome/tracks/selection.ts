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

/** Tracks in reading order: by modality, then the cell types in focus, then as the catalogue lists them. */
export function inReadingOrder(tracks: Track[], catalogue: Catalogue, focus: string[] = []): Track[] {
  const order = [...new Set([...focus, ...catalogue.biosamples.map(({ ontology_curie }) => ontology_curie)])];
  const rank = new Map(order.map((curie, index) => [curie, index]));
  const cell = (track: Track) => rank.get(track.ontology_curie) ?? order.length;
  return [...tracks].sort(
    (a, b) => byModality(a.output_type, b.output_type) || cell(a) - cell(b) || a.index - b.index,
  );
}

/** Output types and cell types of the request; null: all. */
export interface Focus {
  outputs: string[] | null;
  cells: string[] | null;
}

export function presetTracks(catalogue: Catalogue, preset: Preset, focus: Focus): string[] {
  const chosen = catalogue.tracks.filter(
    (track) =>
      preset.accepts(track) &&
      (!focus.outputs || focus.outputs.includes(track.output_type)) &&
      (!focus.cells || track.ontology_curie === "" || focus.cells.includes(track.ontology_curie)),
  );
  return inReadingOrder(chosen, catalogue, focus.cells ?? []).map(({ id }) => id);
}

/** With so few cell types all of them fit on one screen. */
const FEW_CELLS = 6;

/**
 * What is shown when nobody chose yet: the glance, where the cell types in focus come first. Accessibility is shown
 * in every cell type (where they are few), so that "only here" can be seen; arcs and triangles take much room and
 * are shown for the first cell type that has them.
 */
export function defaultTracks(catalogue: Catalogue, focus: Focus): string[] {
  const [glance] = PRESETS;
  if (!glance) return [];
  const all = catalogue.biosamples.map(({ ontology_curie }) => ontology_curie);
  const few = all.length <= FEW_CELLS;
  const cells = focus.cells ?? (few ? all : all.slice(0, 2));
  const tracks = new Map(catalogue.tracks.map((track) => [track.id, track]));
  const large = new Map<string, string>();
  return presetTracks(catalogue, glance, { outputs: focus.outputs, cells: null })
    .flatMap((id) => tracks.get(id) ?? [])
    .filter(({ output_type, ontology_curie }) => (few && output_type === "DNASE") || ontology_curie === "" || cells.includes(ontology_curie))
    .sort((a, b) => byModality(a.output_type, b.output_type) || position(cells, a) - position(cells, b))
    .filter(({ output_type, ontology_curie }) => {
      if (output_type !== "SPLICE_JUNCTIONS" && output_type !== "CONTACT_MAPS") return true;
      if (!large.has(output_type)) large.set(output_type, ontology_curie);
      return large.get(output_type) === ontology_curie;
    })
    .map(({ id }) => id)
    .slice(0, MOST_ROWS);
}

function position(cells: string[], { ontology_curie }: Track): number {
  const index = cells.indexOf(ontology_curie);
  return index < 0 ? cells.length : index;
}
