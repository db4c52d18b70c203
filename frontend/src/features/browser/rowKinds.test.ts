import { describe, expect, it } from "vitest";
import type { Edit } from "../../api/types";
import { blindStretches } from "./rowKinds";

const interval = { chromosome: "demoS", start: 1_000, end: 5_096, strand: "." } as const;
const edit = (kind: Edit["kind"], start: number, end: number, length: number): Edit => ({ kind, start, end, length });

describe("stretches of REF without a base of ALT", () => {
  it("are what an insertion pushed out at the right end", () => {
    expect(blindStretches({ interval, edits: [edit("insertion", 2_000, 2_000, 12)] })).toEqual([[5_084, 5_096]]);
  });

  it("are the deleted bases, and nothing at the end", () => {
    expect(blindStretches({ interval, edits: [edit("deletion", 2_000, 2_013, 13)] })).toEqual([[2_000, 2_013]]);
  });

  it("are both where an insertion outweighs a deletion", () => {
    const edits = [edit("deletion", 2_000, 2_003, 3), edit("insertion", 3_000, 3_000, 5)];
    expect(blindStretches({ interval, edits })).toEqual([
      [2_000, 2_003],
      [5_094, 5_096],
    ]);
  });

  it("are none for a substitution", () => {
    expect(blindStretches({ interval, edits: [edit("substitution", 2_000, 2_001, 1)] })).toEqual([]);
  });
});
