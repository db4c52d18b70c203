import type { Catalogue, OutputType, Track } from "../../api/types";

/** Plain names for tracks: what a person calls the measurement, then the cells, then the strand. */
export function measurementName(track: Track, type: OutputType | undefined): string {
    // The API writes "" where there is none.
  return track.histone_mark || track.transcription_factor || (type?.title ?? track.output_type);
}

export function cellName(track: Pick<Track, "biosample_name" | "ontology_curie">): string {
  return track.biosample_name || track.ontology_curie || "all cell types";
}

export function strandSign(strand: string): string {
  if (strand === "-") return "−";
  return strand === "+" ? "+" : "";
}

export function typesByName(catalogue: Catalogue | undefined): Map<string, OutputType> {
  return new Map(catalogue?.output_types.map((type) => [type.output_type, type]));
}

/** Order in which modalities are listed and drawn: what a biologist reads first stands first. */
export const MODALITY_ORDER = [
  "RNA_SEQ",
  "CAGE",
  "PROCAP",
  "DNASE",
  "ATAC",
  "CHIP_HISTONE",
  "CHIP_TF",
  "SPLICE_SITES",
  "SPLICE_SITE_USAGE",
  "SPLICE_JUNCTIONS",
  "CONTACT_MAPS",
];

export function byModality(a: string, b: string): number {
  const rank = (name: string) => {
    const index = MODALITY_ORDER.indexOf(name);
    return index < 0 ? MODALITY_ORDER.length : index;
  };
  return rank(a) - rank(b);
}

/** "Splice junctions, T-lymphoblast, + strand" in one line, for screen readers and tooltips. */
export function trackTitle(track: Track, type: OutputType | undefined): string {
  const strand = track.strand === "+" || track.strand === "-" ? `, ${strandSign(track.strand)} strand` : "";
  return `${measurementName(track, type)}, ${cellName(track)}${strand}`;
}
