import { describe, expect, it } from "vitest";
import { tickStep } from "../igv/rulerRow";
import { differenceCeiling, niceCeiling } from "./scale";

describe("scales", () => {
  it("end at a round number, at most half again above the largest value", () => {
    for (const value of [1e-6, 0.0123, 0.1, 0.82, 1, 3.3, 7.9, 10, 123, 98_765]) {
      const top = niceCeiling(value);
      expect(top).toBeGreaterThanOrEqual(value * (1 - 1e-9));
      expect(top).toBeLessThanOrEqual(value * 1.5);
    }
  });

  it("of nothing are 1", () => {
    expect([niceCeiling(0), niceCeiling(-3), niceCeiling(NaN), niceCeiling(Infinity)]).toEqual([1, 1, 1, 1]);
  });

  it("of differences never magnify the noise of an unchanged track", () => {
    expect(differenceCeiling(0.001, 1)).toBeGreaterThanOrEqual(0.05);
    expect(differenceCeiling(0.6, 1)).toBe(0.6);
  });
});

describe("ruler ticks", () => {
  it("are 1, 2 or 5 times a power of ten, never closer than a label needs", () => {
    for (const basesPerPixel of [0.05, 0.3, 1, 7, 18, 300]) {
      const step = tickStep(basesPerPixel);
      expect(step / basesPerPixel).toBeGreaterThanOrEqual(110);
      expect([1, 2, 5]).toContain(Math.round(step / 10 ** Math.floor(Math.log10(step))));
    }
  });
});
