import type { Interval } from "./interval";

/** A variant as typed and in addresses: "demoS:118402:C>CCG". `position` is 1-based, as in VCF. */
export interface Variant {
  chromosome: string;
  position: number;
  reference_bases: string;
  alternate_bases: string;
}

export function parseVariant(text: string): Variant | null {
  const match = /^([^\s:]+):([\d,]+):([ACGTN]*)>([ACGTN]*)$/i.exec(text.trim());
  if (!match?.[1] || !match[2]) return null;
  const position = Number(match[2].replaceAll(",", ""));
  if (!Number.isSafeInteger(position) || position < 1) return null;
  return {
    chromosome: match[1],
    position,
    reference_bases: (match[3] ?? "").toUpperCase(),
    alternate_bases: (match[4] ?? "").toUpperCase(),
  };
}

export function formatVariant(variant: Variant): string {
  return `${variant.chromosome}:${variant.position}:${variant.reference_bases}>${variant.alternate_bases}`;
}

/** The variant exchanged: what the offer "swap REF and ALT" asks for. */
export function swapped(variant: Variant): Variant {
  return { ...variant, reference_bases: variant.alternate_bases, alternate_bases: variant.reference_bases };
}

/** The reference bases that it replaces, 0-based half-open. */
export function referenceInterval(variant: Variant): Interval {
  const start = variant.position - 1;
  return { chromosome: variant.chromosome, start, end: start + Math.max(1, variant.reference_bases.length) };
}

/** "12-bp insertion", "SNV", "3-bp deletion", "4-bp substitution". */
export function describeVariant({ reference_bases: ref, alternate_bases: alt }: Variant): string {
  if (ref.length === alt.length) return ref.length === 1 ? "single base" : `${ref.length}-bp substitution`;
  const size = Math.abs(alt.length - ref.length);
  return `${size}-bp ${alt.length > ref.length ? "insertion" : "deletion"}`;
}
