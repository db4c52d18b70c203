import { expect, test } from "vitest";
import type { ChangeRow } from "../../api/types";
import { backgroundWords, standing, standingInFull, uncalledWords } from "./ChangesPanel";

const background = { scorer: "RNA_SEQ sum_512bp_changed_most", quantile: 0.9981, noise_floor: 0.0512, is_called: true };

const row = (called?: boolean) =>
  ({ background: called === undefined ? null : { ...background, is_called: called } }) as ChangeRow;

test("a call shows its rank, a haplotype its noise floor, and what is below it no call", () => {
  expect(standing(background)).toBe("quantile 0.998");
  expect(standing({ ...background, quantile: null })).toBe("noise floor 0.0512");
  expect(standing({ ...background, is_called: false })).toBe("no call, noise floor 0.0512");
});

test("what is left out says how many tracks and why", () => {
  expect(uncalledWords([row(), row(true)])).toBe("2 tracks: no call (less than 7 %)");
  expect(uncalledWords([row(false)])).toBe("1 track: no call (less than 7 %, or below the noise floor)");
});

test("the tooltip tells rank and floor of every row that has them", () => {
  expect(standingInFull(background)).toBe("quantile 0.998, noise floor 0.0512");
  expect(standingInFull({ ...background, quantile: null })).toBe("noise floor 0.0512");
  expect(standingInFull({ ...background, is_called: false })).toBe("no call, quantile 0.998, noise floor 0.0512");
});

test("the note says what the common variants were, and where this window is not like theirs", () => {
  const common = { label: "anywhere in demo1", variants: 1000, indels: 121, window: 16384 };
  expect(backgroundWords(common, 16384)).toContain("common variants (1,000, 121 of them insertions or deletions, anywhere in demo1, window 16,384 bp).");
  expect(backgroundWords(common, 16384)).not.toContain("another length");
  expect(backgroundWords({ ...common, indels: 0 }, 16384)).not.toContain("insertions");
  expect(backgroundWords(common, 32768)).toContain("what changes most in it has no quantile");
});
