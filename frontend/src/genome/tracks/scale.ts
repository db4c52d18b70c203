/** One scale for REF and ALT of a track: from 0 to a round number just above the largest value in view. */
export function niceCeiling(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]) {
    if (value <= step * power * (1 + 1e-9)) return Number((step * power).toPrecision(3));
  }
  return 10 * power;
}

/**
 * Half the height of the difference scale. Never less than a twentieth of the track's own scale, so that the
 * noise of an unchanged track stays small on screen.
 */
export function differenceCeiling(largest: number, scale: number): number {
  return niceCeiling(Math.max(largest, scale / 20));
}
