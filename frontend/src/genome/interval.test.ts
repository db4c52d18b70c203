import { describe, expect, it } from "vitest";
import { around, clampTo, contains, formatInterval, overlaps, parseInterval } from "./interval";

describe("intervals", () => {
  it("are 1-based and closed in text, 0-based half-open inside", () => {
    expect(parseInterval("demo1:10,000-42,768")).toEqual({ chromosome: "demo1", start: 9_999, end: 42_768 });
  });

  it("come back from their own text, grouped or not", () => {
    const interval = { chromosome: "demoS", start: 0, end: 32_768 };
    expect(parseInterval(formatInterval(interval))).toEqual(interval);
    expect(parseInterval(formatInterval(interval, true))).toEqual(interval);
  });

  it.each(["", "demo1", "demo1:0-5", "demo1:10-5", "demo1:1-", "demo1:1-2-3", "demo1:99999999999999999-5"])(
    "refuse %j",
    (text) => expect(parseInterval(text)).toBeNull(),
  );

  it("keep their width when moved onto the chromosome", () => {
    expect(clampTo({ chromosome: "a", start: -50, end: 50 }, 1_000)).toEqual({ chromosome: "a", start: 0, end: 100 });
    expect(clampTo({ chromosome: "a", start: 950, end: 1_050 }, 1_000)).toEqual({ chromosome: "a", start: 900, end: 1_000 });
    expect(clampTo({ chromosome: "a", start: -5, end: 5_000 }, 1_000)).toEqual({ chromosome: "a", start: 0, end: 1_000 });
  });

  it("touching end to start do not overlap", () => {
    const left = { chromosome: "a", start: 0, end: 10 };
    expect(overlaps(left, { chromosome: "a", start: 10, end: 20 })).toBe(false);
    expect(overlaps(left, { chromosome: "a", start: 9, end: 20 })).toBe(true);
    expect(overlaps(left, { chromosome: "b", start: 0, end: 10 })).toBe(false);
    expect(contains(left, { chromosome: "a", start: 0, end: 10 })).toBe(true);
  });

  it("made around a base hold it in the middle", () => {
    expect(around("a", 1_000, 100)).toEqual({ chromosome: "a", start: 950, end: 1_050 });
  });
});
