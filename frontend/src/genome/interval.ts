/** Intervals are 0-based half-open everywhere in the code; 1-based and closed only in text that people read or type. */
export interface Interval {
  chromosome: string;
  start: number;
  end: number;
}

export function width(interval: Interval): number {
  return interval.end - interval.start;
}

export function centre(interval: Interval): number {
  return Math.floor((interval.start + interval.end) / 2);
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.chromosome === b.chromosome && a.start < b.end && b.start < a.end;
}

export function contains(outer: Interval, inner: Interval): boolean {
  return outer.chromosome === inner.chromosome && outer.start <= inner.start && inner.end <= outer.end;
}

/** An interval of the same width (at most the chromosome), moved so that it lies on the chromosome. */
export function clampTo(interval: Interval, chromosomeLength: number): Interval {
  const size = Math.min(Math.max(1, Math.round(width(interval))), chromosomeLength);
  const start = Math.min(Math.max(0, Math.round(interval.start)), chromosomeLength - size);
  return { chromosome: interval.chromosome, start, end: start + size };
}

export function around(chromosome: string, position: number, size: number): Interval {
  const start = Math.round(position - size / 2);
  return { chromosome, start, end: start + size };
}

/** "demoS:1-32768" as in an address; `grouped` adds the thousands separators of the screen. */
export function formatInterval({ chromosome, start, end }: Interval, grouped = false): string {
  const text = (value: number) => (grouped ? value.toLocaleString("en-US") : String(value));
  return `${chromosome}:${text(start + 1)}-${text(end)}`;
}

/** Reads the text of `formatInterval`, with or without separators; null where it is no interval. */
export function parseInterval(text: string): Interval | null {
  const match = /^([^\s:]+):([\d,]+)(?:-|–|\.\.)([\d,]+)$/.exec(text.trim());
  if (!match?.[1] || !match[2] || !match[3]) return null;
  const first = Number(match[2].replaceAll(",", ""));
  const last = Number(match[3].replaceAll(",", ""));
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first < 1 || last < first) return null;
  return { chromosome: match[1], start: first - 1, end: last };
}
