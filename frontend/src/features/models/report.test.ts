import { describe, expect, it } from "vitest";
import type { ShowcaseRow } from "../../api/types";
import { axisOf, byLocus, cellTypes, change, duration, missedByPlace, verdict, what } from "./report";

const row = (locus: string, variant: string, more: Partial<ShowcaseRow> = {}): ShowcaseRow => ({
  locus,
  locus_title: locus.toUpperCase(),
  variant,
  change: "C>ACG",
  title: "a variant",
  output_type: "DNASE",
  target: "",
  where: "",
  cell_types: ["HEP"],
  direction: 1,
  truth: { T: 0, HEP: 1, NEU: 0 },
  predicted: { T: 0.1, HEP: 0.9, NEU: 0 },
  passed: true,
  ...more,
});

describe("a report", () => {
  it("is grouped by locus and variant in its own order", () => {
    const loci = byLocus([row("b", "b1"), row("b", "b1", { output_type: "ATAC" }), row("a", "a1"), row("b", "b2")]);
    expect(loci.map(({ slug }) => slug)).toEqual(["b", "a"]);
    expect(loci[0]?.variants.map(({ name, rows }) => [name, rows.length])).toEqual([
      ["b1", 2],
      ["b2", 1],
    ]);
  });

  it("names the affected cell types first", () => {
    expect(cellTypes(row("a", "a1"))).toEqual(["HEP", "T", "NEU"]);
    expect(cellTypes(row("a", "a1", { cell_types: [], truth: { "": -1 } }))).toEqual([""]);
  });

  it("says what was measured and where", () => {
    const titles = new Map([["DNASE", "DNase-seq"]]);
    expect(what(row("a", "a1"), titles)).toBe("DNase-seq");
    expect(what(row("a", "a1", { where: "D-TAL1" }), titles)).toBe("DNase-seq, D-TAL1");
    expect(what(row("a", "a1", { target: "H3K27ac", output_type: "CHIP_HISTONE" }), titles)).toBe("H3K27ac");
  });

  it("counts what is met and what is missed", () => {
    expect(verdict({ passed: 12, asked: 12, missed: [] })).toBe("All 12 targets are met.");
    expect(verdict({ passed: 11, asked: 12, missed: ["polyA"] })).toBe("11 of 12 targets are met; 1 is missed.");
    expect(verdict({ passed: 9, asked: 12, missed: ["a", "b", "c"] })).toBe("9 of 12 targets are met; 3 are missed.");
  });
});

it("gathers what is missed of one variant", () => {
  expect(missedByPlace(["held-out variants: polyA", "v1: DNASE", "v1: RNA_SEQ at D-A", "Mirrored tracks"])).toEqual([
    { place: "held-out variants", what: ["polyA"] },
    { place: "v1", what: ["DNASE", "RNA_SEQ at D-A"] },
    { place: "Mirrored tracks", what: [] },
  ]);
});

it("writes changes with their sign, and none where nothing is to be seen", () => {
  expect([2.041, -0.1, -0.002, 0].map(change)).toEqual(["+2.04", "−0.10", "0.00", "0.00"]);
});

describe("the axis of a row", () => {
  it("holds 0 and every value", () => {
    for (const values of [[0.3, 2.6], [-2.1, -0.2], [-0.04, 0.01], [0, 0], [15, -230]]) {
      const [low, high] = axisOf(values);
      expect(low).toBeLessThanOrEqual(Math.min(0, ...values));
      expect(high).toBeGreaterThanOrEqual(Math.max(0, ...values));
    }
    expect(axisOf([0.3, 2.6])).toEqual([0, 3]);
  });
});

it("tells the time of a run in minutes and hours", () => {
  expect(duration(1_486)).toBe("25 min");
  expect(duration(7_500)).toBe("2 h 5 min");
  expect(duration(3)).toBe("1 min");
});
