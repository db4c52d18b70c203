import type { Report, ShowcaseRow } from "../../api/types";

/** What the page about a model says, as functions of its report; nothing here draws. */

export const modelPage = (name: string) => `/models/${name}`;

export interface Locus {
  slug: string;
  title: string;
  variants: { name: string; change: string; title: string; rows: ShowcaseRow[] }[];
}

/** Rows by locus and variant, in the order of the report. */
export function byLocus(rows: readonly ShowcaseRow[]): Locus[] {
  const loci = new Map<string, Locus>();
  for (const row of rows) {
    const locus = loci.get(row.locus) ?? { slug: row.locus, title: row.locus_title, variants: [] };
    loci.set(row.locus, locus);
    const known = locus.variants.find(({ name }) => name === row.variant);
    if (known) known.rows.push(row);
    else locus.variants.push({ name: row.variant, change: row.change, title: row.title, rows: [row] });
  }
  return [...loci.values()];
}

/** Cell types of a row, those that the variant is about first; "" where a modality has none. */
export function cellTypes(row: ShowcaseRow): string[] {
  const all = Object.keys(row.truth);
  return [...all.filter((key) => row.cell_types.includes(key)), ...all.filter((key) => !row.cell_types.includes(key))];
}

/** Where 0 and the largest value of either sign lie on an axis of one row, rounded outwards. */
export function axisOf(values: readonly number[]): [number, number] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const step = 10 ** Math.floor(Math.log10(Math.max(high - low, 1e-6)));
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** What a row measures: "H3K27ac of D-TAL1", "RNA_SEQ at the variant". */
export function what(row: ShowcaseRow, titles: ReadonlyMap<string, string>): string {
  const measured = row.target || (titles.get(row.output_type) ?? row.output_type);
  return row.where ? `${measured}, ${row.where}` : measured;
}

/** The verdict in one sentence. */
export function verdict({ passed, asked, missed }: Report["summary"]): string {
  if (missed.length === 0) return `All ${asked} targets are met.`;
  return `${passed} of ${asked} targets are met; ${missed.length} ${missed.length === 1 ? "is" : "are"} missed.`;
}

/** What is missed, by variant or kind: "d-tal1-acg: DNASE" and "d-tal1-acg: ATAC" become one entry. */
export function missedByPlace(missed: readonly string[]): { place: string; what: string[] }[] {
  const places = new Map<string, string[]>();
  for (const name of missed) {
    const [place = name, ...rest] = name.split(": ");
    places.set(place, [...(places.get(place) ?? []), ...(rest.length > 0 ? [rest.join(": ")] : [])]);
  }
  return [...places].map(([place, what]) => ({ place, what }));
}

/** A change with two decimals and its sign: "+2.04", "−0.10", "0.00". */
export function change(value: number): string {
  const size = Math.abs(value).toFixed(2);
  if (size === "0.00") return size;
  return value < 0 ? `−${size}` : `+${size}`;
}

/** Seconds of a training run for people: "41 min", "2 h 5 min". */
export function duration(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
