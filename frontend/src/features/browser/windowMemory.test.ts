import { describe, expect, it } from "vitest";
import { neededTooMuch, windowNote } from "./windowMemory";

const engine = {
  default_window: 16_384,
  memory: {
    free: 7_100_000_000,
    windows: [
      { window: 16_384, needed: 5_000_000_000, fits: true },
      { window: 131_072, needed: 11_460_000_000, fits: false },
    ],
    note: "The usual window of 131,072 bp needs more.",
  },
};

describe("memory of a window", () => {
  it("is told where it is too much, and only there", () => {
    expect(neededTooMuch(engine, 131_072)).toBe("11.5 GB");
    expect(neededTooMuch(engine, 16_384)).toBe("");
    expect(neededTooMuch(engine, 2_048)).toBe("");
  });

  it("is explained for a window that was chosen, and for one that was not", () => {
    expect(windowNote(engine, null)).toBe(engine.memory.note);
    expect(windowNote(engine, 16_384)).toBe("");
    expect(windowNote(engine, 131_072)).toContain("131,072 bp needs 11.5 GB of memory with all tracks, and 7.1 GB are free");
  });
});
