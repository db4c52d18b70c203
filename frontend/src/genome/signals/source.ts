import { covers, decodeSignals, parseLayout, type TrackSignal } from "./layout";

/** One track's question: a stretch of a chunk, and how many bases one pixel shows. */
export interface SignalQuestion {
  chunk: string;
  track: string;
  start: number;
  end: number;
  basesPerPixel: number;
  /** The finest bin that can ever be stored for this track: 1, 128 or 2,048. */
  resolution: number;
}

/** `missing`: the part is not stored yet. `stale`: a newer question has overtaken this one. */
export type SignalAnswer =
  | { state: "ready"; signal: TrackSignal }
  | { state: "missing" }
  | { state: "stale" }
  | { state: "failed"; message: string };

export interface SignalBatch {
  chunk: string;
  tracks: string[];
  start: number;
  end: number;
  maxBins: number;
}

/** Asks the back end; rejects with an AbortError when `signal` fires. */
export type SignalFetch = (
  batch: SignalBatch,
  signal: AbortSignal,
) => Promise<{ layout: string | null; body: ArrayBuffer }>;

/** Tracks ask one by one within a few milliseconds; one request carries them all. */
const GATHER_MS = 4;
/** igv paints three screens: 4,096 bins are one per pixel on a 1,365-pixel view. */
const MOST_BINS = 4096;
const MOST_CACHED = 400;
const RETRY_MS = 600;

interface Waiting {
  question: SignalQuestion;
  resolve: (answer: SignalAnswer) => void;
}

interface Flight {
  tracks: Set<string>;
  view: string;
  abort: AbortController;
}

/** Gathers, caches and cancels requests for signals. One per page. */
export class SignalSource {
  readonly #fetch: SignalFetch;
  readonly #cache = new Map<string, TrackSignal[]>();
  /** How often each track's stored part has changed: an answer that left before the change is not kept. */
  readonly #revision = new Map<string, number>();
  #waiting = new Map<string, Waiting[]>();
  #flights: Flight[] = [];
  #gathering = false;
  requests = 0;

  constructor(fetch: SignalFetch) {
    this.#fetch = fetch;
  }

  ask(question: SignalQuestion): Promise<SignalAnswer> {
    const known = this.#lookUp(question);
    if (known) return Promise.resolve({ state: "ready", signal: known });
    return new Promise((resolve) => {
      const key = viewKey(question);
      const group = this.#waiting.get(key) ?? [];
      group.push({ question, resolve });
      this.#waiting.set(key, group);
      if (this.#gathering) return;
      this.#gathering = true;
      setTimeout(() => this.#send(), GATHER_MS);
    });
  }

  /** Something finer is stored for these tracks now: forget what was read before. */
  forget(chunk: string, tracks: Iterable<string>): void {
    for (const track of tracks) {
      const key = `${chunk}|${track}`;
      this.#cache.delete(key);
      this.#revision.set(key, (this.#revision.get(key) ?? 0) + 1);
    }
  }

  #lookUp({ chunk, track, start, end, basesPerPixel, resolution }: SignalQuestion): TrackSignal | undefined {
    return this.#cache
      .get(`${chunk}|${track}`)
      ?.find(
        (signal) =>
          covers(signal, start, end) && fineEnough(signal.bin, basesPerPixel, resolution) && signal.bin * 8 > basesPerPixel,
      );
  }

  #keep(chunk: string, track: string, signal: TrackSignal): void {
    const key = `${chunk}|${track}`;
    const held = (this.#cache.get(key) ?? []).filter((other) => other.bin !== signal.bin).slice(-3);
    this.#cache.delete(key);
    this.#cache.set(key, [...held, signal]);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MOST_CACHED) break;
      this.#cache.delete(oldest);
    }
  }

  #send(): void {
    this.#gathering = false;
    const groups = this.#waiting;
    this.#waiting = new Map();
    for (const [view, group] of groups) void this.#sendGroup(view, group);
  }

  async #sendGroup(view: string, group: Waiting[]): Promise<void> {
    const first = group[0]?.question;
    if (!first) return;
    const tracks = [...new Set(group.map(({ question }) => question.track))];
    this.#dropOvertaken(view, first.chunk, tracks);
    const flight: Flight = {
      tracks: new Set(tracks.map((track) => `${first.chunk}|${track}`)),
      view,
      abort: new AbortController(),
    };
    this.#flights.push(flight);
    const sentAt = new Map([...flight.tracks].map((key) => [key, this.#revision.get(key) ?? 0]));
    const { chunk, start, end } = first;
    const maxBins = Math.max(1, Math.min(MOST_BINS, Math.ceil((end - start) / first.basesPerPixel)));
    try {
      const { layout, body } = await this.#fetchTwice({ chunk, tracks, start, end, maxBins }, flight.abort.signal);
      const signals = decodeSignals(parseLayout(layout), body);
      for (const [track, signal] of signals) {
        const key = `${chunk}|${track}`;
        if (sentAt.get(key) === (this.#revision.get(key) ?? 0)) this.#keep(chunk, track, signal);
      }
      for (const { question, resolve } of group) {
        const signal = signals.get(question.track);
        resolve(signal ? { state: "ready", signal } : { state: "missing" });
      }
    } catch (error) {
      const answer: SignalAnswer = flight.abort.signal.aborted
        ? { state: "stale" }
        : { state: "failed", message: error instanceof Error ? error.message : String(error) };
      for (const { resolve } of group) resolve(answer);
    } finally {
      this.#flights = this.#flights.filter((other) => other !== flight);
    }
  }

  /** A server that is just coming back deserves a second question. */
  async #fetchTwice(batch: SignalBatch, signal: AbortSignal): ReturnType<SignalFetch> {
    this.requests += 1;
    try {
      return await this.#fetch(batch, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      signal.throwIfAborted();
      this.requests += 1;
      return this.#fetch(batch, signal);
    }
  }

  /** A request under way for another view of the same tracks only delays the new one. */
  #dropOvertaken(view: string, chunk: string, tracks: string[]): void {
    const asked = new Set(tracks.map((track) => `${chunk}|${track}`));
    for (const flight of this.#flights) {
      if (flight.view !== view && [...flight.tracks].every((track) => asked.has(track))) flight.abort.abort();
    }
  }
}

/** Is a bin of this size as fine as the screen can show, or as fine as it gets? */
export function fineEnough(bin: number, basesPerPixel: number, resolution: number): boolean {
  return bin <= Math.max(resolution, basesPerPixel * 2);
}

function viewKey({ chunk, start, end, basesPerPixel }: SignalQuestion): string {
  return `${chunk}|${start}-${end}|${basesPerPixel.toFixed(4)}`;
}
