import type { Chunk, Job, JobEvent } from "../api/types";

/** A job of one window and two parts, for tests. */
export function makeJob(changes: Partial<Job> = {}): Job {
  const chunk: Chunk = {
    id: "chunk-1",
    index: 0,
    state: "queued",
    attempt: 0,
    interval: { chromosome: "demoS", start: 8_192, end: 24_576, strand: "." },
    variants: [{ text: "demoS:16385:C>ACG", chromosome: "demoS", position: 16_385, reference_bases: "C", alternate_bases: "ACG" }],
    edits: [{ start: 16_384, end: 16_384, kind: "insertion", length: 2 }],
    error: null,
    parts: ["DNASE", "RNA_SEQ"].map((output_type) => ({
      source: "prediction" as const,
      output_type,
      state: "pending" as const,
      key: output_type,
      resolution: 1,
      levels: [],
      tracks: [`${output_type}/0`],
    })),
  };
  return {
    id: "job-1",
    project: "project-1",
    state: "queued",
    cancel_requested: false,
    engine: "demo",
    weights_digest: "0".repeat(64),
    organism: "human",
    assembly: "demoH1",
    window: 16_384,
    created: "2026-11-20T12:00:00Z",
    started: null,
    finished: null,
    last_seq: 1,
    queue_position: 0,
    counts: { chunks: 1, chunks_finished: 0, chunks_failed: 0, parts: 2, parts_complete: 0 },
    message: "",
    request: {
      engine: "demo",
      organism: "human",
      variants: ["demoS:16385:C>ACG"],
      combine: false,
      window: 16_384,
      interval: null,
      output_types: ["DNASE", "RNA_SEQ"],
      ontology_curies: null,
      truth: false,
      warnings: [],
    },
    chunks: [chunk],
    ...changes,
  };
}

export function makeEvent(seq: number, type: JobEvent["type"], payload: Record<string, unknown> = {}): JobEvent {
  return { seq, type, time: `2026-11-20T12:00:${String(seq).padStart(2, "0")}Z`, payload };
}

/** The story of `makeJob()` from its second event to its end. */
export const STORY: JobEvent[] = [
  makeEvent(2, "job.started"),
  makeEvent(3, "chunk.started", { chunk: "chunk-1", attempt: 1 }),
  makeEvent(4, "part.published", { chunk: "chunk-1", source: "prediction", output_type: "DNASE", level: "overview", levels: [256, 2_048] }),
  makeEvent(5, "part.published", { chunk: "chunk-1", source: "prediction", output_type: "DNASE", level: "complete", levels: [1, 32, 256, 2_048] }),
  makeEvent(6, "part.published", { chunk: "chunk-1", source: "prediction", output_type: "RNA_SEQ", level: "complete", levels: [1] }),
  makeEvent(7, "chunk.finished", { chunk: "chunk-1" }),
  makeEvent(8, "job.finished"),
];
