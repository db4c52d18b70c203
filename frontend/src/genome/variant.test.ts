import { describe, expect, it } from "vitest";
import { describeVariant, formatVariant, parseVariant, referenceInterval, swapped } from "./variant";

describe("variants", () => {
  it("are read in the form of the API and written back alike", () => {
    const variant = parseVariant("demoS:16,385:c>acg");
    expect(variant).toEqual({ chromosome: "demoS", position: 16_385, reference_bases: "C", alternate_bases: "ACG" });
    expect(variant && formatVariant(variant)).toBe("demoS:16385:C>ACG");
  });

  it.each(["demoS:16385", "demoS:0:C>A", "demoS:1:C>X", "C>A"])("refuse %j", (text) => {
    expect(parseVariant(text)).toBeNull();
  });

  it("stand on the reference bases that they replace, 0-based", () => {
    expect(referenceInterval({ chromosome: "a", position: 10, reference_bases: "CTG", alternate_bases: "C" })).toEqual({
      chromosome: "a",
      start: 9,
      end: 12,
    });
  });

  it("are themselves again when swapped twice", () => {
    const variant = { chromosome: "a", position: 10, reference_bases: "CTG", alternate_bases: "C" };
    expect(swapped(swapped(variant))).toEqual(variant);
  });

  it.each([
    ["a:1:C>T", "single base"],
    ["a:1:C>ACG", "2-bp insertion"],
    ["a:1:CTGG>C", "3-bp deletion"],
    ["a:1:CT>GA", "2-bp substitution"],
  ])("%s is called a %s", (text, words) => {
    const variant = parseVariant(text);
    expect(variant && describeVariant(variant)).toBe(words);
  });
});
