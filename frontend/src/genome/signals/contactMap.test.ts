import { describe, expect, it } from "vitest";
import { contactPlane, decodeContactMap, pairAt } from "./contactMap";

const layout = (alleles: string[]) => JSON.stringify({ alleles, start: 4_096, bin: 2_048, bins: 2 });

describe("the contact map", () => {
  const map = decodeContactMap(
    layout(["reference", "alternate"]),
    new Float32Array([0, 1, 1, 0, 0, -0.5, -0.5, 2]).buffer,
  );

  it("holds REF, ALT and their difference", () => {
    expect([...map.reference]).toEqual([0, 1, 1, 0]);
    expect([...contactPlane(map, "alternate")]).toEqual([0, -0.5, -0.5, 2]);
    expect([...contactPlane(map, "difference")]).toEqual([0, -1.5, -1.5, 2]);
    expect(map).toMatchObject({ limit: 2, differenceLimit: 2 });
  });

  it("shows REF in every mode where there is no ALT", () => {
    const alone = decodeContactMap(layout(["reference"]), new Float32Array([0, 1, 1, 0]).buffer);
    expect(alone.difference).toBeNull();
    expect([...contactPlane(alone, "difference")]).toEqual([0, 1, 1, 0]);
  });

  it("finds the two bins under a point of the triangle", () => {
    expect(pairAt(map, 4_096 + 2_048, 0)).toEqual([1, 1]);
    expect(pairAt(map, 4_096 + 2_048, 2_048)).toEqual([0, 1]);
    expect(pairAt(map, 4_096 + 100, 2_048)).toBeNull();
    expect(pairAt(map, 4_096 + 2_048, 9_000)).toBeNull();
  });

  it("is refused where numbers are missing", () => {
    expect(() => decodeContactMap(layout(["reference", "alternate"]), new Float32Array(4).buffer)).toThrow(/needs 8/);
  });
});
