import { describe, expect, it } from "vitest";
import type { Catalogue, Track } from "../../api/types";
import { defaultTracks, inReadingOrder, PRESETS, presetTracks } from "./selection";

const CELLS = ["DEMO:0000002", "DEMO:0000001"];

function track(output_type: Track["output_type"], index: number, curie: string, histone_mark = ""): Track {
  return {
    id: `${output_type}/${index}`,
    output_type,
    index,
    name: "",
    label: "",
    strand: ".",
    ontology_curie: curie,
    biosample_name: curie,
    assay_title: "",
    histone_mark,
    transcription_factor: "",
  };
}

/** Two cell types; contacts only in the second. */
const CATALOGUE: Catalogue = {
  output_types: [],
  biosamples: CELLS.map((ontology_curie) => ({ ontology_curie, name: ontology_curie, counts: {} })),
  tracks: [
    track("CONTACT_MAPS", 0, "DEMO:0000001"),
    track("DNASE", 0, "DEMO:0000001"),
    track("DNASE", 1, "DEMO:0000002"),
    track("RNA_SEQ", 0, "DEMO:0000001"),
    track("RNA_SEQ", 1, "DEMO:0000002"),
    track("CHIP_HISTONE", 0, "DEMO:0000001", "H3K27ac"),
    track("CHIP_HISTONE", 1, "DEMO:0000001", "H3K4me3"),
    track("SPLICE_SITES", 0, ""),
  ],
};

describe("the first selection", () => {
  it("shows DNASE in every cell type, so that 'only here' can be seen", () => {
    const ids = defaultTracks(CATALOGUE, { outputs: null, cells: ["DEMO:0000001"] });
    expect(ids).toEqual(["RNA_SEQ/0", "DNASE/0", "DNASE/1", "CHIP_HISTONE/0", "CONTACT_MAPS/0"]);
  });

  it("keeps to the output types of the request", () => {
    expect(defaultTracks(CATALOGUE, { outputs: ["RNA_SEQ"], cells: null })).toEqual(["RNA_SEQ/1", "RNA_SEQ/0"]);
  });
});

describe("ready selections", () => {
  it("keep tracks that belong to no cell type", () => {
    const everything = PRESETS.find(({ name }) => name === "everything");
    expect(everything && presetTracks(CATALOGUE, everything, { outputs: null, cells: ["DEMO:0000002"] })).toEqual([
      "RNA_SEQ/1",
      "DNASE/1",
      "SPLICE_SITES/0",
    ]);
  });

  it("are listed by modality, cell types in focus first", () => {
    const order = inReadingOrder(CATALOGUE.tracks, CATALOGUE, ["DEMO:0000001"]).map(({ id }) => id);
    expect(order.slice(0, 4)).toEqual(["RNA_SEQ/0", "RNA_SEQ/1", "DNASE/0", "DNASE/1"]);
    expect(order.at(-1)).toBe("CONTACT_MAPS/0");
  });
});
