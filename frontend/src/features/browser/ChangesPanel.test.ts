import { expect, test } from "vitest";
import type { ChangeRow } from "../../api/types";
import { standing, uncalledWords } from "./ChangesPanel";

const background = { scorer: "CenterMaskScorer", quantile: 0.9981, noise_floor: 0.0512, is_called: true };

const row = (called?: boolean) =>
  ({ background: called === undefined ? null : { ...background, is_called: called } }) as ChangeRow;

test("a call shows its rank, an insertion its noise floor, and what is below it no call", () => {
  expect(standing(background)).toBe("quantile 0.998");
  expect(standing({ ...background, quantile: null })).toBe("noise floor 0.0512");
  expect(standing({ ...background, is_called: false })).toBe("no call, noise floor 0.0512");
});

test("what is left out says how many tracks and why", () => {
  expect(uncalledWords([row(), row(true)])).toBe("2 tracks: no call (less than 7 %)");
  expect(uncalledWords([row(false)])).toBe("1 track: no call (less than 7 %, or below the noise floor)");
});
