import { describe, expect, it } from "vitest";
import type { JobEvent } from "../../api/types";
import { makeEvent, makeJob, STORY } from "../../testing/job";
import { applyEvent, GAP, hasEnded, type JobView } from "./jobState";

function play(events: JobEvent[], view: JobView = { job: makeJob(), seq: 1 }): JobView {
  return events.reduce((current, event) => {
    const next = applyEvent(current, event);
    if (next === GAP) throw new Error(`gap before ${event.seq}`);
    return next;
  }, view);
}

describe("the story of a job", () => {
  it("played from the start ends with everything there", () => {
    const { job, seq } = play(STORY);
    expect(seq).toBe(8);
    expect(job).toMatchObject({ state: "finished", last_seq: 8, finished: "2026-11-20T12:00:08Z" });
    expect(job.chunks[0]?.parts.map(({ state }) => state)).toEqual(["complete", "complete"]);
    expect(job.counts).toEqual({ chunks: 1, chunks_finished: 1, chunks_failed: 0, parts: 2, parts_complete: 2 });
    expect(hasEnded(job.state)).toBe(true);
  });

  it("is the same when every event comes twice", () => {
    expect(play(STORY.flatMap((event) => [event, event]))).toEqual(play(STORY));
  });

  it("reports a gap and changes nothing", () => {
    const view = { job: makeJob(), seq: 1 };
    expect(applyEvent(view, makeEvent(3, "job.started"))).toBe(GAP);
    expect(view.job.state).toBe("queued");
  });

  it("leaves earlier states of the page untouched", () => {
    const first: JobView = { job: makeJob(), seq: 1 };
    const before = JSON.stringify(first);
    play(STORY, first);
    expect(JSON.stringify(first)).toBe(before);
  });

  it("never makes a complete part coarse again when a second attempt announces its overview", () => {
    const again = makeEvent(6, "part.published", { chunk: "chunk-1", output_type: "DNASE", level: "overview", levels: [256] });
    const { job } = play([...STORY.slice(0, 4), again]);
    expect(job.chunks[0]?.parts[0]?.state).toBe("complete");
  });

  it("takes the truth of an output type for no prediction of it", () => {
    const job = makeJob();
    const chunks = job.chunks.map((chunk) => ({ ...chunk, parts: [...chunk.parts, ...chunk.parts.map((part) => ({ ...part, source: "truth" as const }))] }));
    const told = makeEvent(2, "part.published", { chunk: "chunk-1", source: "truth", output_type: "DNASE", level: "complete", levels: [1] });
    const next = play([told], { job: { ...job, chunks }, seq: 1 });
    const here = next.job.chunks[0]?.parts.filter(({ state }) => state === "complete");
    expect(here?.map(({ source, output_type }) => `${source} ${output_type}`)).toEqual(["truth DNASE"]);
  });

  it("keeps the reason of a failure, and drops it when the window is tried again", () => {
    const failed = play([
      ...STORY.slice(0, 2),
      makeEvent(4, "chunk.failed", { chunk: "chunk-1", error: { code: "out_of_memory", message: "Too long." } }),
      makeEvent(5, "job.failed", { message: "All windows failed." }),
    ]);
    expect(failed.job).toMatchObject({ state: "failed", message: "All windows failed." });
    expect(failed.job.chunks[0]?.error).toEqual({ code: "out_of_memory", message: "Too long." });
    expect(failed.job.counts.chunks_failed).toBe(1);

    const retried = play([makeEvent(6, "job.queued"), makeEvent(7, "chunk.started", { chunk: "chunk-1", attempt: 2 })], failed);
    expect(retried.job.chunks[0]).toMatchObject({ state: "running", attempt: 2, error: null });
    expect(retried.job.finished).toBeNull();
  });

  it("goes on over events of a kind that this page does not know", () => {
    const strange = { ...makeEvent(2, "note"), type: "part.celebrated" } as unknown as JobEvent;
    expect(play([strange]).seq).toBe(2);
  });
});
