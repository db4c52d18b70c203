/**
 * What the signal endpoint sends: float32, little-endian, in blocks, one block per output type.
 * A block is [planes, tracks, bins] in C order at `offset` (counted in floats); `start` is the genomic 0-based
 * start of its first bin, `bin` the bases each bin covers.
 */
export interface SignalLayout {
  blocks: SignalBlock[];
  /** Tracks asked for whose part is not stored yet. */
  missing: string[];
}

export interface SignalBlock {
  output_type: string;
  tracks: string[];
  planes: string[];
  start: number;
  bin: number;
  bins: number;
  offset: number;
}

export const PLANES = ["reference", "alternate", "difference_max", "difference_min"] as const;
export type Plane = (typeof PLANES)[number];

/** One track's values on one stretch. A plane is absent where the chunk has no ALT. */
export interface TrackSignal {
  start: number;
  bin: number;
  bins: number;
  planes: Partial<Record<Plane, Float32Array>>;
}

/** The answer cannot be read; `message` says why. */
export class LayoutError extends Error {
  override name = "LayoutError";
}

function isPlane(name: string): name is Plane {
  return (PLANES as readonly string[]).includes(name);
}

export function parseLayout(header: string | null): SignalLayout {
  if (!header) throw new LayoutError("The signal answer carries no X-Allelens-Layout header.");
  const value: unknown = JSON.parse(header);
  if (typeof value !== "object" || value === null || !("blocks" in value) || !Array.isArray(value.blocks)) {
    throw new LayoutError("The layout of the signal answer names no blocks.");
  }
  const missing = "missing" in value && Array.isArray(value.missing) ? (value.missing as string[]) : [];
  return { blocks: value.blocks as SignalBlock[], missing };
}

/** Cuts the body into one `TrackSignal` per track id, without copying a number on little-endian machines. */
export function decodeSignals(layout: SignalLayout, body: ArrayBuffer): Map<string, TrackSignal> {
  const values = littleEndianFloats(body);
  const signals = new Map<string, TrackSignal>();
  for (const block of layout.blocks) {
    const size = block.planes.length * block.tracks.length * block.bins;
    if (block.offset < 0 || block.offset + size > values.length) {
      throw new LayoutError(
        `The ${block.output_type} block needs ${size} numbers from ${block.offset}; the answer holds ${values.length}.`,
      );
    }
    block.tracks.forEach((track, row) => {
      const planes: TrackSignal["planes"] = {};
      block.planes.forEach((name, index) => {
        if (!isPlane(name)) return;
        const from = block.offset + (index * block.tracks.length + row) * block.bins;
        planes[name] = values.subarray(from, from + block.bins);
      });
      signals.set(track, { start: block.start, bin: block.bin, bins: block.bins, planes });
    });
  }
  return signals;
}

function littleEndianFloats(body: ArrayBuffer): Float32Array {
  const usable = body.byteLength - (body.byteLength % 4);
  const native = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (native) return new Float32Array(body, 0, usable / 4);
  const view = new DataView(body);
  return Float32Array.from({ length: usable / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

/** Index of the first and one past the last bin that touch [start, end). */
export function binRange(signal: TrackSignal, start: number, end: number): [number, number] {
  const first = Math.max(0, Math.floor((start - signal.start) / signal.bin));
  const last = Math.min(signal.bins, Math.ceil((end - signal.start) / signal.bin));
  return [Math.min(first, signal.bins), Math.max(Math.min(first, signal.bins), last)];
}

export interface Extremes {
  max: number;
  min: number;
}

/** Largest and smallest value of some planes on [start, end); NaN (not stored) is passed over. */
export function extremes(signal: TrackSignal, planes: readonly Plane[], start: number, end: number): Extremes | null {
  const [first, last] = binRange(signal, start, end);
  let max = -Infinity;
  let min = Infinity;
  for (const name of planes) {
    const values = signal.planes[name];
    if (!values) continue;
    for (let index = first; index < last; index += 1) {
      const value = values[index];
      if (value === undefined || Number.isNaN(value)) continue;
      if (value > max) max = value;
      if (value < min) min = value;
    }
  }
  return max === -Infinity ? null : { max, min };
}

/** Value of one plane at one base, or null outside or where nothing is stored. */
export function valueAt(signal: TrackSignal, plane: Plane, position: number): number | null {
  const index = Math.floor((position - signal.start) / signal.bin);
  if (index < 0 || index >= signal.bins) return null;
  const value = signal.planes[plane]?.[index];
  return value === undefined || Number.isNaN(value) ? null : value;
}

export function covers(signal: TrackSignal, start: number, end: number): boolean {
  return signal.start <= start && signal.start + signal.bin * signal.bins >= end;
}
