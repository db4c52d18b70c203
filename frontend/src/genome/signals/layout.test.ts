import { describe, expect, it } from "vitest";
import { binRange, covers, decodeSignals, extremes, LayoutError, parseLayout, type TrackSignal, valueAt } from "./layout";

/** Two blocks as the server packs them: DNASE with 2 planes, 2 tracks, 3 bins, then H3K27ac with 1 plane, 1 track, 2 bins. */
const LAYOUT = {
  blocks: [
    { output_type: "DNASE", tracks: ["DNASE/0", "DNASE/1"], planes: ["reference", "alternate"], start: 100, bin: 10, bins: 3, offset: 0 },
    { output_type: "CHIP_HISTONE", tracks: ["CHIP_HISTONE/4"], planes: ["reference"], start: 128, bin: 128, bins: 2, offset: 12 },
  ],
  missing: ["RNA_SEQ/0"],
};
const VALUES = new Float32Array([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 7, 8]);

describe("the signal answer", () => {
  it("is cut into the planes of each track, in C order", () => {
    const signals = decodeSignals(parseLayout(JSON.stringify(LAYOUT)), VALUES.buffer);
    const second = signals.get("DNASE/1");
    expect([...(second?.planes.reference ?? [])]).toEqual([4, 5, 6]);
    expect([...(second?.planes.alternate ?? [])]).toEqual([14, 15, 16]);
    expect(second).toMatchObject({ start: 100, bin: 10, bins: 3 });
    expect([...(signals.get("CHIP_HISTONE/4")?.planes.reference ?? [])]).toEqual([7, 8]);
    expect(signals.get("CHIP_HISTONE/4")?.planes.alternate).toBeUndefined();
  });

  it("names the tracks that are not stored yet", () => {
    expect(parseLayout(JSON.stringify(LAYOUT)).missing).toEqual(["RNA_SEQ/0"]);
  });

  it("is refused where the body is shorter than its layout", () => {
    expect(() => decodeSignals(parseLayout(JSON.stringify(LAYOUT)), VALUES.slice(0, 10).buffer)).toThrow(LayoutError);
  });

  it("is refused without a layout", () => {
    expect(() => parseLayout(null)).toThrow(LayoutError);
    expect(() => parseLayout("{}")).toThrow(LayoutError);
  });
});

describe("bins", () => {
  const signal: TrackSignal = {
    start: 100,
    bin: 10,
    bins: 4,
    planes: { reference: new Float32Array([0, 5, NaN, 2]), alternate: new Float32Array([1, 4, 9, 3]) },
  };

  it("touch a stretch where they share a base with it", () => {
    expect(binRange(signal, 110, 120)).toEqual([1, 2]);
    expect(binRange(signal, 109, 121)).toEqual([0, 3]);
    expect(binRange(signal, 0, 50)).toEqual([0, 0]);
    expect(binRange(signal, 500, 900)).toEqual([4, 4]);
  });

  it("give the same extremes as a slow look at every base", () => {
    for (let start = 90; start < 145; start += 1) {
      for (let end = start + 1; end < 150; end += 3) {
        const values: number[] = [];
        for (let base = start; base < end; base += 1) {
          for (const plane of ["reference", "alternate"] as const) {
            const value = valueAt(signal, plane, base);
            if (value !== null) values.push(value);
          }
        }
        const expected = values.length > 0 ? { max: Math.max(...values), min: Math.min(...values) } : null;
        expect(extremes(signal, ["reference", "alternate"], start, end)).toEqual(expected);
      }
    }
  });

  it("that are not stored (NaN) have no value", () => {
    expect(valueAt(signal, "reference", 125)).toBeNull();
    expect(valueAt(signal, "reference", 99)).toBeNull();
    expect(valueAt(signal, "reference", 139)).toBe(2);
  });

  it("cover a stretch only as far as they reach", () => {
    expect(covers(signal, 100, 140)).toBe(true);
    expect(covers(signal, 100, 141)).toBe(false);
    expect(covers(signal, 99, 110)).toBe(false);
  });
});
