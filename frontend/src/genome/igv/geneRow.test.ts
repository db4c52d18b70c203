import { describe, expect, it } from "vitest";
import type { Gene } from "../../api/types";
import { packGenes } from "./geneRow";

const gene = (id: string, start: number, end: number): Gene => ({
  id,
  name: id,
  chromosome: "demo1",
  start,
  end,
  strand: "+",
  gene_type: "protein_coding",
  transcripts: [],
});

describe("genes", () => {
  it("share a line unless they or their names would overlap", () => {
    const lines = packGenes([gene("a", 0, 1_000), gene("b", 900, 2_000), gene("c", 2_100, 3_000)], 1, () => 60);
    expect([lines.get("a"), lines.get("b"), lines.get("c")]).toEqual([0, 1, 0]);
  });

  it("make room for a name longer than the gene", () => {
    const lines = packGenes([gene("a", 0, 10), gene("b", 50, 60)], 1, () => 60);
    expect(lines.get("b")).toBe(1);
  });
});
