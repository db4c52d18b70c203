import { describe, expect, it } from "vitest";
import type { Catalogue, OutputType, Track } from "../../api/types";
import { makeJob } from "../../testing/job";
import { partOf } from "../jobs/parts";
import { planRows } from "./rowPlan";

const track = { id: "DNASE/0", output_type: "DNASE", index: 0, name: "D-T DNase-seq", label: "", strand: ".", ontology_curie: "DEMO:0000001", biosample_name: "T", assay_title: "", histone_mark: "", transcription_factor: "" } satisfies Track;
const type = { output_type: "DNASE", title: "DNase-seq", resolution: 1, kind: "signal", summary: "mean", unit: "", sentence: "", tracks: 1 } satisfies OutputType;
const catalogue: Catalogue = { tracks: [track], output_types: [type], biosamples: [] };
const shown = { reference: true, alternate: true, difference: true };

function plan(truth: boolean, withTruthParts: boolean) {
  const job = makeJob();
  const [chunk] = job.chunks;
  if (!chunk) throw new Error("The job has no chunk.");
  const parts = withTruthParts ? [...chunk.parts, ...chunk.parts.map((part) => ({ ...part, source: "truth" as const, state: "complete" as const }))] : chunk.parts;
  const [row] = planRows(["DNASE/0"], catalogue, new Map([["DNASE", type]]), job, { ...chunk, parts }, shown, true, truth, 0);
  if (!row) throw new Error("No row was planned.");
  return row;
}

describe("a planned row", () => {
  it("grows by the height of the truth, and by nothing where it is switched off", () => {
    const off = plan(false, true);
    const on = plan(true, true);
    expect(off.truthHeight).toBe(0);
    expect(on.height).toBe(off.height + on.truthHeight);
    expect(on.truthHeight).toBeGreaterThan(30);
  });

  it("has the room before the truth is there: nothing moves when it arrives", () => {
    expect(plan(true, false).height).toBe(plan(true, true).height);
  });

  it("tells prediction and truth apart", () => {
    expect(plan(true, true)).toMatchObject({ state: "coming", truthState: "here" });
    expect(plan(true, false)).toMatchObject({ state: "coming", truthState: "not-asked-for" });
  });
});

describe("parts of one output type", () => {
  it("are found by their source", () => {
    const parts = [
      { ...makeJob().chunks[0]?.parts[0], key: "predicted" },
      { ...makeJob().chunks[0]?.parts[0], key: "true", source: "truth" },
    ] as never;
    expect(partOf({ parts }, "DNASE", "truth")?.key).toBe("true");
    expect(partOf({ parts }, "DNASE", "prediction")?.key).toBe("predicted");
    expect(partOf({ parts }, "RNA_SEQ", "truth")).toBeUndefined();
  });
});
