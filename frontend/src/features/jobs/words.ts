import type { Job, JobSummary, OutputType, Part } from "../../api/types";
import { formatInterval } from "../../genome/interval";
import { grouped, plural, seconds } from "../../ui/numbers";
import { EMPTY_VIEW, formatView } from "../browser/viewState";
import { numberComplete, partsOf } from "./parts";

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
    truth: request.truth,
    job: job.id,
  });
}

export function elapsed(job: JobSummary): number | null {
  return job.finished ? new Date(job.finished).getTime() - new Date(job.started ?? job.created).getTime() : null;
}

/** What is going on, in one sentence. */
export function progressSentence(job: Job, types: ReadonlyMap<string, OutputType>): string {
  const { chunks_failed: failed, chunks } = job.counts;
  const predicted = job.chunks.flatMap((chunk) => partsOf(chunk, "prediction"));
  const truths = job.chunks.flatMap((chunk) => partsOf(chunk, "truth"));
  const parts = predicted.length;
  const complete = numberComplete(predicted);
  switch (job.state) {
    case "queued":
      return job.queue_position && job.queue_position > 1
        ? `Waiting: ${plural(job.queue_position - 1, "job")} before this one.`
        : "Waiting for the worker.";
    case "running": {
      // What the worker waits for, such as the quota of a service.
      if (job.message) return job.message;
      if (complete === parts && truths.length > 0) {
        return `All ${plural(parts, "part")} here; the simulator's truth is still coming (${grouped(numberComplete(truths))} of ${grouped(truths.length)}).`;
      }
      const coming = stillComing(predicted, types);
      return `${grouped(complete)} of ${plural(parts, "part")} here${coming ? `; still coming: ${coming}` : ""}.`;
    }
    case "finished": {
      const took = elapsed(job);
      // The same question asked before: its parts are stored, nothing was computed.
      if (took !== null && took < 50) return `All ${plural(parts, "part")} here; they were known already.`;
      if (truths.length > 0) return `All ${plural(parts, "part")} here, and the simulator's truth of them.`;
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

function stillComing(parts: Part[], types: ReadonlyMap<string, OutputType>): string {
  const names = new Set(
    parts
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
