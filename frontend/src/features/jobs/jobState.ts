import type { Chunk, Job, JobEvent, JobState, Part } from "../../api/types";

/** A job as the page knows it: the last snapshot, brought up to date by numbered events. */
export interface JobView {
  job: Job;
  /** Number of the last event that the job below contains. */
  seq: number;
}

/** The event does not follow the last one: something was missed, and only a new snapshot helps. */
export const GAP = Symbol("gap");

const ENDED: readonly JobState[] = ["finished", "failed", "cancelled"];

export function hasEnded(state: JobState): boolean {
  return ENDED.includes(state);
}

/** Applies one event. Events already contained are passed over; a gap is reported, never guessed across. */
export function applyEvent(view: JobView, event: JobEvent): JobView | typeof GAP {
  if (event.seq <= view.seq) return view;
  if (event.seq !== view.seq + 1) return GAP;
  return { seq: event.seq, job: { ...change(view.job, event), last_seq: event.seq } };
}

function change(job: Job, event: JobEvent): Job {
  switch (event.type) {
    case "job.queued":
      return { ...job, state: "queued", finished: null, cancel_requested: false };
    case "job.started":
      return { ...job, state: "running", started: job.started ?? event.time, queue_position: null };
    case "job.finished":
      return { ...job, state: "finished", finished: event.time };
    case "job.failed":
      return { ...job, state: "failed", finished: event.time, message: text(event, "message") ?? job.message };
    case "job.cancelled":
      return { ...job, state: "cancelled", finished: event.time };
    case "job.cancel_requested":
      return { ...job, cancel_requested: true };
    case "note":
      return { ...job, message: text(event, "message") ?? job.message };
    case "chunk.queued":
      return onChunk(job, event, (chunk) => ({ ...chunk, state: "queued" }));
    case "chunk.started":
      return onChunk(job, event, (chunk) => ({
        ...chunk,
        state: "running",
        error: null,
        attempt: number(event, "attempt") ?? chunk.attempt,
      }));
    case "chunk.finished":
      return onChunk(job, event, (chunk) => ({ ...chunk, state: "finished" }));
    case "chunk.failed":
      return onChunk(job, event, (chunk) => ({ ...chunk, state: "failed", error: chunkError(event) }));
    case "part.published":
      return onChunk(job, event, (chunk) => ({ ...chunk, parts: chunk.parts.map((part) => publish(part, event)) }));
    default:
      return job;
  }
}

function publish(part: Part, event: JobEvent): Part {
  if (part.output_type !== text(event, "output_type") || part.source !== text(event, "source")) return part;
  const { levels, key } = event.payload;
  return {
    ...part,
    // A part once complete stays so, also when a second attempt announces its overview again.
    state: part.state === "complete" || text(event, "level") === "complete" ? "complete" : "overview",
    levels: Array.isArray(levels) ? (levels as number[]) : part.levels,
    key: typeof key === "string" ? key : part.key,
  };
}

function onChunk(job: Job, event: JobEvent, edit: (chunk: Chunk) => Chunk): Job {
  const id = text(event, "chunk");
  const chunks = job.chunks.map((chunk) => (chunk.id === id ? edit(chunk) : chunk));
  return { ...job, chunks, counts: count(chunks) };
}

function count(chunks: Chunk[]): Job["counts"] {
  const parts = chunks.flatMap((chunk) => chunk.parts);
  return {
    chunks: chunks.length,
    chunks_finished: chunks.filter((chunk) => chunk.state === "finished").length,
    chunks_failed: chunks.filter((chunk) => chunk.state === "failed").length,
    parts: parts.length,
    parts_complete: parts.filter((part) => part.state === "complete").length,
  };
}

function chunkError(event: JobEvent): Chunk["error"] {
  const { error } = event.payload;
  if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string") {
    return { code: "code" in error && typeof error.code === "string" ? error.code : "error", message: error.message };
  }
  return { code: "error", message: typeof error === "string" ? error : "This window failed without saying why." };
}

function text(event: JobEvent, name: string): string | null {
  const value = event.payload[name];
  return typeof value === "string" ? value : null;
}

function number(event: JobEvent, name: string): number | null {
  const value = event.payload[name];
  return typeof value === "number" ? value : null;
}
