import type { Job, JobSummary, OutputType } from "../../api/types";
import { formatInterval } from "../../genome/interval";
import { grouped, plural, seconds } from "../../ui/numbers";
import { EMPTY_VIEW, formatView } from "../browser/viewState";

/** Sentences about jobs: the same words on every page. */

export function requestTitle(job: JobSummary): string {
  const { variants, interval } = job.request;
  const [first] = variants;
  if (first) return variants.length === 1 ? first : `${first} and ${plural(variants.length - 1, "more variant")}`;
  return interval ? formatInterval(interval, true) : "prediction";
}

export function viewOfJob(job: JobSummary): string {
  const { request } = job;
  return formatView({
    ...EMPTY_VIEW,
    engine: job.engine,
    organism: job.organism,
    variants: request.variants,
    combine: request.combine,
    window: job.window,
    asked: request.variants.length === 0 && request.interval ? request.interval : null,
    job: job.id,
  });
}

export function elapsed(job: JobSummary): number | null {
  return job.finished ? new Date(job.finished).getTime() - new Date(job.started ?? job.created).getTime() : null;
}

/** What is going on, in one sentence. */
export function progressSentence(job: Job, types: ReadonlyMap<string, OutputType>): string {
  const { parts, parts_complete: complete, chunks_failed: failed, chunks } = job.counts;
  switch (job.state) {
    case "queued":
      return job.queue_position && job.queue_position > 1
        ? `Waiting: ${plural(job.queue_position - 1, "job")} before this one.`
        : "Waiting for the worker.";
    case "running": {
      // What the worker waits for, such as the quota of a service.
      if (job.message) return job.message;
      const coming = stillComing(job, types);
      return `${grouped(complete)} of ${plural(parts, "part")} here${coming ? `; still coming: ${coming}` : ""}.`;
    }
    case "finished": {
      const took = elapsed(job);
      // The same question asked before: its parts are stored, nothing was computed.
      if (took !== null && took < 50) return `All ${plural(parts, "part")} here; they were known already.`;
      return `All ${plural(parts, "part")} here${took === null ? "" : ` after ${seconds(took)}`}.`;
    }
    case "failed":
      return failed > 0
        ? `${failed === chunks ? "The prediction" : `${grouped(failed)} of ${plural(chunks, "window")}`} failed${reason(job)}`
        : `The prediction failed${reason(job)}`;
    case "cancelled":
      return `Cancelled; ${grouped(complete)} of ${plural(parts, "part")} had arrived and stay here.`;
  }
}

function reason(job: Job): string {
  const error = job.chunks.find((chunk) => chunk.error)?.error?.message ?? job.message;
  return error ? `: ${error}` : ".";
}

function stillComing(job: Job, types: ReadonlyMap<string, OutputType>): string {
  const names = new Set(
    job.chunks
      .flatMap((chunk) => chunk.parts)
      .filter((part) => part.state !== "complete")
      .map((part) => types.get(part.output_type)?.title ?? part.output_type),
  );
  const [first, second] = names;
  if (!first) return "";
  if (names.size === 1) return first;
  return names.size === 2 && second ? `${first} and ${second}` : `${first} and ${plural(names.size - 1, "other")}`;
}

/** Share of the work done, for the bar; an overview counts half. */
export function progressShare(job: Job): number {
  const parts = job.chunks.flatMap((chunk) => chunk.parts);
  if (parts.length === 0) return job.state === "finished" ? 1 : 0;
  const done = parts.reduce((sum, { state }) => sum + (state === "complete" ? 1 : state === "overview" ? 0.5 : 0), 0);
  return done / parts.length;
}
