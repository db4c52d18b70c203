import { extremes, type Plane, type TrackSignal } from "../../genome/signals/layout";
import type { SignalRowData } from "../../genome/igv/signalRow";
import { predictedIn, truthIn } from "../../genome/igv/withTruth";
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
  parts: { source: string; output_type: string; state: string }[];
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
  /** The same of the simulator's truth, where it is shown. */
  truth: { reference: number | null; alternate: number | null } | null;
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
  const row = recorder.dataOf(id);
  const predicted = signalOf(predictedIn(row));
  const truth = signalOf(truthIn(row));
  return {
    id,
    output_type,
    drawn: recorder.drawn.has(id),
    ...largestNear(predicted),
    bin: predicted?.bin ?? null,
    truth: truth && largestNear(truth),
  };
}

function signalOf(data: unknown): TrackSignal | null {
  if (typeof data !== "object" || data === null || !("signal" in data)) return null;
  return (data as SignalRowData).signal;
}

function largestNear(signal: TrackSignal | null): { reference: number | null; alternate: number | null } {
  const { view } = useView.getState();
  const chunk = useJob.getState().job?.chunks[view.chunk];
  const variant = chunk?.variants[0] ?? parseVariant(view.variants[0] ?? "");
  if (!variant || !signal) return { reference: null, alternate: null };
  const { start, end } = referenceInterval(variant);
  const most = (plane: Plane) => extremes(signal, [plane], start - NEAR, end + NEAR)?.max ?? null;
  return { reference: most("reference"), alternate: most("alternate") };
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
    parts: chunk?.parts.map(({ source, output_type, state }) => ({ source, output_type, state })) ?? [],
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
