import { extremes } from "../../genome/signals/layout";
import type { SignalRowData } from "../../genome/igv/signalRow";
import { parseVariant, referenceInterval } from "../../genome/variant";
import { useJob } from "../jobs/jobStore";
import { useView } from "./viewStore";

/** What tests may read of the page, as `window.allelens`; computed from the page's own data, nothing is fetched. */
export interface PageRecord {
  version: number;
  job: string | null;
  state: string | null;
  connection: string;
  chunk: string | null;
  parts: { output_type: string; state: string }[];
  /** Numbers of the events applied one by one. */
  events: number[];
  last_seq: number;
  tracks: TrackRecord[];
  /** Milliseconds on the page's clock (`performance.now()`); null: not yet. */
  timings: { click: number; firstTrack: number | null; lastTrack: number | null };
  requests: { signal: number };
}

export interface TrackRecord {
  id: string;
  output_type: string;
  drawn: boolean;
  /** Largest value within 250 bp of the variant; null where nothing is drawn there. */
  reference: number | null;
  alternate: number | null;
  bin: number | null;
}

const NEAR = 250;

interface Recorder {
  tracks: { id: string; output_type: string }[];
  drawn: Map<string, number>;
  dataOf: (id: string) => unknown;
  signalRequests: () => number;
  click: number;
}

export const recorder: Recorder = {
  tracks: [],
  drawn: new Map(),
  dataOf: () => undefined,
  signalRequests: () => 0,
  click: 0,
};

/** A new question was asked: times count from here. */
export function startClock(): void {
  recorder.click = performance.now();
  recorder.drawn.clear();
}

export function noteDrawn(id: string): void {
  if (!recorder.drawn.has(id)) recorder.drawn.set(id, performance.now());
}

function trackRecord({ id, output_type }: { id: string; output_type: string }): TrackRecord {
  const drawn = recorder.drawn.has(id);
  const empty = { id, output_type, drawn, reference: null, alternate: null, bin: null };
  const { view } = useView.getState();
  const chunk = useJob.getState().job?.chunks[view.chunk];
  const variant = chunk?.variants[0] ?? parseVariant(view.variants[0] ?? "");
  const data = recorder.dataOf(id);
  if (!variant || typeof data !== "object" || data === null || !("signal" in data)) return empty;
  const { signal } = data as SignalRowData;
  if (!signal) return empty;
  const { start, end } = referenceInterval(variant);
  return {
    ...empty,
    reference: extremes(signal, ["reference"], start - NEAR, end + NEAR)?.max ?? null,
    alternate: extremes(signal, ["alternate"], start - NEAR, end + NEAR)?.max ?? null,
    bin: signal.bin,
  };
}

function record(): PageRecord {
  const { job, applied, connection } = useJob.getState();
  const chunk = job?.chunks[useView.getState().view.chunk];
  const times = recorder.tracks.map(({ id }) => recorder.drawn.get(id));
  const known = times.filter((time) => time !== undefined);
  return {
    version: 1,
    job: job?.id ?? null,
    state: job?.state ?? null,
    connection,
    chunk: chunk?.id ?? null,
    parts: chunk?.parts.map(({ output_type, state }) => ({ output_type, state })) ?? [],
    events: applied,
    last_seq: job?.last_seq ?? 0,
    tracks: recorder.tracks.map(trackRecord),
    timings: {
      click: recorder.click,
      firstTrack: known.length > 0 ? Math.min(...known) : null,
      lastTrack: known.length > 0 && known.length === times.length ? Math.max(...known) : null,
    },
    requests: { signal: recorder.signalRequests() },
  };
}

declare global {
  interface Window {
    readonly allelens: PageRecord;
  }
}

Object.defineProperty(window, "allelens", { get: record, configurable: false });
