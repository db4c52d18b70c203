import { describe, expect, it } from "vitest";
import { ago, basePairs, grouped, plural, seconds, signed, significant } from "./numbers";

describe("numbers for reading", () => {
  it.each([
    [0.19234, "0.192"],
    [0.82, "0.820"],
    [12.345, "12.3"],
    [1_234.5, "1,235"],
    [-0.5, "−0.500"],
    [0, "0"],
    [0.00001234, "1.23e−5"],
    [null, "–"],
    [NaN, "–"],
    [Infinity, "∞"],
  ])("%s is written %s", (value, text) => expect(significant(value)).toBe(text));

  it("carry a plus sign where they are gains", () => {
    expect(signed(0.5)).toBe("+0.500");
    expect(signed(-0.5)).toBe("−0.500");
    expect(signed(0)).toBe("0");
  });

  it("carry their units", () => {
    expect(basePairs(812)).toBe("812 bp");
    expect(basePairs(16_384)).toBe("16.4 kb");
    expect(grouped(118_402)).toBe("118,402");
    expect(plural(1, "part")).toBe("1 part");
    expect(plural(9, "part")).toBe("9 parts");
    expect(seconds(1_234)).toBe("1.2 s");
    expect(seconds(65_000)).toBe("1 min 5 s");
  });

  it("of time are told from now", () => {
    const now = Date.parse("2026-11-20T12:00:00Z");
    expect(ago("2026-11-20T11:59:40Z", now)).toBe("just now");
    expect(ago("2026-11-20T11:56:00Z", now)).toBe("4 min ago");
    expect(ago("2026-11-20T09:00:00Z", now)).toBe("3 h ago");
    expect(ago("2026-10-01T09:00:00Z", now)).toBe("1 Oct 2026");
  });
});
