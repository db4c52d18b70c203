/** The contact-map answer: [alleles, M, M] float32; `start` is the genomic start of bin 0. */
export interface ContactMap {
  start: number;
  bin: number;
  bins: number;
  reference: Float32Array;
  alternate: Float32Array | null;
  difference: Float32Array | null;
  /** Largest absolute value of the maps, and of their difference: the ends of the colour scales. */
  limit: number;
  differenceLimit: number;
}

export type ContactMode = "reference" | "alternate" | "difference";

export function decodeContactMap(layout: string | null, body: ArrayBuffer): ContactMap {
  if (!layout) throw new Error("The contact map came without its layout.");
  const { alleles, start, bin, bins } = JSON.parse(layout) as {
    alleles: string[];
    start: number;
    bin: number;
    bins: number;
  };
  const size = bins * bins;
  const values = new Float32Array(body, 0, Math.floor(body.byteLength / 4));
  if (values.length < size * alleles.length) {
    throw new Error(`The contact map needs ${size * alleles.length} numbers, ${values.length} came.`);
  }
  const plane = (allele: string) => {
    const index = alleles.indexOf(allele);
    return index < 0 ? null : values.subarray(index * size, (index + 1) * size);
  };
  const reference = plane("reference");
  if (!reference) throw new Error("The contact map came without REF.");
  const alternate = plane("alternate");
  const difference = alternate ? alternate.map((value, index) => value - (reference[index] ?? 0)) : null;
  return {
    start,
    bin,
    bins,
    reference,
    alternate,
    difference,
    limit: Math.max(largest(reference), alternate ? largest(alternate) : 0) || 1,
    // A floor, so that rounding noise between equal maps is not painted as structure.
    differenceLimit: Math.max(difference ? largest(difference) : 0, 0.1),
  };
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

export function contactPlane(map: ContactMap, mode: ContactMode): Float32Array {
  if (mode === "alternate") return map.alternate ?? map.reference;
  if (mode === "difference") return map.difference ?? map.reference;
  return map.reference;
}

/**
 * Which pair of bins lies under a point of the triangle: `position` on the genome axis, `distance` in bases between
 * the two contacts (0 on the base line). Null outside the map.
 */
export function pairAt(map: ContactMap, position: number, distance: number): [number, number] | null {
  const left = Math.floor((position - distance / 2 - map.start) / map.bin);
  const right = Math.floor((position + distance / 2 - map.start) / map.bin);
  if (left < 0 || right >= map.bins || distance < 0) return null;
  return [left, right];
}
