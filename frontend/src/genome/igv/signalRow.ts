import { significant, signed } from "../../ui/numbers";
import { binRange, extremes, type Plane, type TrackSignal, valueAt } from "../signals/layout";
import type { SignalAnswer, SignalQuestion } from "../signals/source";
import { differenceCeiling, niceCeiling } from "../tracks/scale";
import type { Pen, Reading, RowKind, RowQuery } from "./rowTrack";

export interface SignalRowData {
  /** Where ALT has no bases, it is made equal to REF: see `withoutBlind`. */
  signal: TrackSignal | null;
  /** Why nothing is drawn: the part is still coming, or could not be read. */
  state: "ready" | "waiting" | "failed";
  message?: string;
}

export interface SignalScale {
  max: number;
  difference: number | null;
}

export interface SignalSourceInfo {
  chunk: string;
  chromosome: string;
  start: number;
  end: number;
  /** Stretches where REF has bases and ALT has none. */
  blind: [number, number][];
}

export interface SignalRowOptions {
  track: string;
  resolution: number;
  ask: (question: SignalQuestion) => Promise<SignalAnswer>;
  /** The chunk that answers, and its window; null while there is none. */
  source: () => SignalSourceInfo | null;
  shown: () => { reference: boolean; alternate: boolean; difference: boolean };
  onScale: (scale: SignalScale) => void;
  onAnswer: (data: SignalRowData) => void;
}

/** Height of the difference part, where there is one. */
export const DIFFERENCE_HEIGHT = 26;
export const OVERLAY_HEIGHT = 48;

/** REF and ALT on one scale, and under them ALT−REF on a scale of its own. */
export function signalRow(options: SignalRowOptions): RowKind<SignalRowData> {
  let scale: SignalScale = { max: 1, difference: null };

  async function load(query: RowQuery): Promise<SignalRowData | undefined> {
    const source = options.source();
    if (source?.chromosome !== query.chromosome) return answered({ signal: null, state: "waiting" });
    const start = Math.max(query.start, source.start);
    const end = Math.min(query.end, source.end);
    if (end <= start) return answered({ signal: null, state: "ready" });
    const answer = await options.ask({
      chunk: source.chunk,
      track: options.track,
      start: Math.floor(start),
      end: Math.ceil(end),
      basesPerPixel: query.basesPerPixel,
      resolution: options.resolution,
    });
    switch (answer.state) {
      case "ready":
        return answered({ signal: withoutBlind(answer.signal, options.resolution, source.blind), state: "ready" });
      case "missing":
        return answered({ signal: null, state: "waiting" });
      case "failed":
        return answered({ signal: null, state: "failed", message: answer.message });
      case "stale":
        return undefined;
    }
  }

  function answered(data: SignalRowData): SignalRowData {
    options.onAnswer(data);
    return data;
  }

  function fit({ signal }: SignalRowData, start: number, end: number, beside?: SignalRowData): void {
    if (!signal) return;
    const shown = options.shown();
    const signals = [signal, ...(beside?.signal ? [beside.signal] : [])];
    const planes: Plane[] = [];
    if (shown.reference || !signal.planes.alternate) planes.push("reference");
    if (shown.alternate) planes.push("alternate");
    const drawn = planes.length > 0 ? planes : (["reference", "alternate"] as const);
    const tops = signals.flatMap((each) => extremes(each, drawn, start, end)?.max ?? []);
    const max = niceCeiling(tops.length > 0 ? Math.max(...tops) : 1);
    let difference: number | null = null;
    if (signal.planes.difference_max) {
      const changes = signals.flatMap((each) => {
        const change = extremes(each, ["difference_max", "difference_min"], start, end);
        return change ? [Math.abs(change.max), Math.abs(change.min)] : [];
      });
      difference = differenceCeiling(Math.max(0, ...changes), max);
    }
    if (max === scale.max && difference === scale.difference) return;
    scale = { max, difference };
    options.onScale(scale);
  }

  function draw({ signal }: SignalRowData, pen: Pen): void {
    if (!signal) return;
    const { reference, alternate, difference } = pen.style;
    const hasAlternate = signal.planes.alternate !== undefined;
    const below = difference && hasAlternate ? (reference || alternate ? DIFFERENCE_HEIGHT : pen.height) : 0;
    const above = pen.height - below;
    if (above > 8) drawOverlay(signal, pen, above, scale.max, { reference: reference || !hasAlternate, alternate });
    if (below > 0) drawDifference(signal, pen, above, below, scale.difference ?? 1);
  }

  function read({ signal }: SignalRowData, position: number): Reading[] {
    if (!signal) return [];
    const ref = valueAt(signal, "reference", position);
    const alt = valueAt(signal, "alternate", position);
    const most = valueAt(signal, "difference_max", position);
    const least = valueAt(signal, "difference_min", position);
    const readings: Reading[] = [];
    if (ref !== null) readings.push({ name: "REF", value: significant(ref), colour: "reference" });
    if (alt !== null) readings.push({ name: "ALT", value: significant(alt), colour: "alternate" });
    if (most !== null && least !== null) {
      const change = Math.abs(most) >= Math.abs(least) ? most : least;
      readings.push({ name: "ALT−REF", value: signed(change), colour: change >= 0 ? "gain" : "loss" });
    }
    return readings;
  }

  return { load, anyResolution: false, fit, draw, read };
}

function drawOverlay(
  signal: TrackSignal,
  pen: Pen,
  height: number,
  max: number,
  shown: { reference: boolean; alternate: boolean },
): void {
  const { context, style, x } = pen;
  const { palette } = style;
  const ref = shown.reference ? signal.planes.reference : undefined;
  const alt = shown.alternate ? signal.planes.alternate : undefined;
  const [first, last] = binRange(signal, pen.start, pen.start + pen.width * pen.basesPerPixel);
  const base = height - 1.5;
  const room = base - 6 - style.labelRoom;
  const y = (value: number) => base - Math.min(1.02, Math.max(0, value / max)) * room;

  context.strokeStyle = palette.rule;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(signal.start), base + 0.5);
  context.lineTo(x(signal.start + signal.bins * signal.bin), base + 0.5);
  context.stroke();

  const area = (values: Float32Array, fill: string, line: string) => {
    context.fillStyle = fill;
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x(signal.start + first * signal.bin), base);
    for (let index = first; index < last; index += 1) {
      const top = y(finite(values[index]));
      context.lineTo(x(signal.start + index * signal.bin), top);
      context.lineTo(x(signal.start + (index + 1) * signal.bin), top);
    }
    context.lineTo(x(signal.start + last * signal.bin), base);
    context.fill();
    context.stroke();
  };

  if (style.truth) {
    if (ref) outline(signal, pen, ref, null, palette.reference, y, [first, last]);
    if (alt) outline(signal, pen, alt, ref ?? null, palette.alternate, y, [first, last]);
    return;
  }
  if (ref) area(ref, palette.referenceFill, palette.reference);
  if (alt && !ref) area(alt, palette.alternateFill, palette.alternate);
  if (!alt || !ref) return;

  // ALT over REF: where both agree to a pixel the grey stands alone, so that colour means difference.
  context.fillStyle = palette.alternateFill;
  context.strokeStyle = palette.alternate;
  context.lineWidth = 1.4;
  let open = false;
  for (let index = first; index < last; index += 1) {
    const left = Math.round(x(signal.start + index * signal.bin));
    const right = Math.round(x(signal.start + (index + 1) * signal.bin));
    const altTop = y(finite(alt[index]));
    const refTop = y(finite(ref[index]));
    if (Math.abs(altTop - refTop) < 0.75) {
      if (open) context.stroke();
      open = false;
      continue;
    }
    if (altTop < refTop) context.fillRect(left, altTop, right - left, refTop - altTop);
    if (open) context.lineTo(left, altTop);
    else {
      context.beginPath();
      context.moveTo(left, refTop);
      context.lineTo(left, altTop);
      open = true;
    }
    context.lineTo(right, altTop);
  }
  if (open) context.stroke();
}

/**
 * A line without an area: the truth is never taken for a prediction. Where it lies on the line that was drawn before it,
 * to a pixel, that one stands alone.
 */
function outline(
  signal: TrackSignal,
  { context, x }: Pen,
  values: Float32Array,
  before: Float32Array | null,
  colour: string,
  y: (value: number) => number,
  [first, last]: [number, number],
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.4;
  context.lineJoin = "round";
  context.beginPath();
  let open = false;
  for (let index = first; index < last; index += 1) {
    const top = y(finite(values[index]));
    const left = x(signal.start + index * signal.bin);
    if (before && Math.abs(top - y(finite(before[index]))) < 0.75) {
      open = false;
      continue;
    }
    if (open) context.lineTo(left, top);
    else context.moveTo(left, before ? y(finite(before[index])) : top);
    context.lineTo(left, top);
    context.lineTo(x(signal.start + (index + 1) * signal.bin), top);
    open = true;
  }
  context.stroke();
}

function drawDifference(signal: TrackSignal, pen: Pen, top: number, height: number, limit: number): void {
  const { context, style, x } = pen;
  const { palette } = style;
  const [first, last] = binRange(signal, pen.start, pen.start + pen.width * pen.basesPerPixel);
  const middle = top + height / 2;
  const room = height / 2 - 2;

  context.strokeStyle = palette.rule;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(signal.start), Math.round(middle) + 0.5);
  context.lineTo(x(signal.start + signal.bins * signal.bin), Math.round(middle) + 0.5);
  context.stroke();

  const bars = (values: Float32Array | undefined, colour: string, sign: 1 | -1) => {
    if (!values) return;
    context.fillStyle = colour;
    for (let index = first; index < last; index += 1) {
      const value = finite(values[index]) * sign;
      const size = Math.min(1, value / limit) * room;
      if (size < 0.4) continue;
      // Whole pixels, or neighbouring bars would show a seam.
      const left = Math.round(x(signal.start + index * signal.bin));
      const wide = Math.max(1, Math.round(x(signal.start + (index + 1) * signal.bin)) - left);
      context.fillRect(left, sign > 0 ? middle - size : middle, wide, size);
    }
  };
  bars(signal.planes.difference_max, palette.gain, 1);
  bars(signal.planes.difference_min, palette.loss, -1);
}

/** Bins of this many bases are shown as they are: too much would be hidden with the missing bases. */
const WIDEST_BLIND_BIN = 256;

/**
 * ALT is 0 where it has no bases. Drawn as it stands, that would look like a loss of signal, and rule the scale of the
 * difference; so bins of 1-bp outputs that touch such a stretch show no difference (the stretch is hatched instead).
 * Coarser outputs are averaged over the bases that ALT has, and stay.
 */
export function withoutBlind(signal: TrackSignal, resolution: number, blind: [number, number][]): TrackSignal {
  const { alternate, reference, difference_max: most, difference_min: least } = signal.planes;
  if (!alternate || !reference || resolution > 1 || signal.bin > WIDEST_BLIND_BIN || blind.length === 0) return signal;
  const planes = { ...signal.planes, alternate: alternate.slice(), ...(most && least ? { difference_max: most.slice(), difference_min: least.slice() } : {}) };
  for (const [start, end] of blind) {
    const [first, last] = binRange(signal, start, end);
    for (let index = first; index < last; index += 1) {
      planes.alternate[index] = reference[index] ?? 0;
      if (planes.difference_max) planes.difference_max[index] = 0;
      if (planes.difference_min) planes.difference_min[index] = 0;
    }
  }
  return { ...signal, planes };
}

function finite(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : value;
}
