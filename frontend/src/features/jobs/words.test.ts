import { describe, expect, it } from "vitest";
import { makeJob } from "../../testing/job";
import { progressSentence } from "./words";

describe("progressSentence", () => {
  it("says what a running job waits for, and how far it is otherwise", () => {
    const waiting = "Waiting for the hosted service: its quota is used up.";
    expect(progressSentence(makeJob({ state: "running", message: waiting }), new Map())).toBe(waiting);
    expect(progressSentence(makeJob({ state: "running" }), new Map())).toBe("0 of 2 parts here; still coming: DNASE and RNA_SEQ.");
  });
});
