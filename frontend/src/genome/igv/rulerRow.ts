import type { Pen, RowKind } from "./rowTrack";

/** Distance between labelled ticks: 1, 2 or 5 times a power of ten, at least `pixels` apart. */
export function tickStep(basesPerPixel: number, pixels = 110): number {
  const least = Math.max(1, basesPerPixel * pixels);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}

export const RULER_HEIGHT = 30;

/** 1-based positions along the top, with thousands separators. */
export function rulerRow(): RowKind<true> {
  function draw(_: true, { context, style, basesPerPixel, start, width, x }: Pen): void {
    const step = tickStep(basesPerPixel);
    const small = step / 5;
    context.font = `11px ${style.font}`;
    context.textAlign = "center";
    context.fillStyle = style.palette.faint;
    context.strokeStyle = style.palette.rule;
    context.lineWidth = 1;
    const base = RULER_HEIGHT - 0.5;
    context.beginPath();
    context.moveTo(0, base);
    context.lineTo(width, base);
    const end = start + width * basesPerPixel;
    for (let index = Math.max(1, Math.ceil(start / small)); index * small <= end; index += 1) {
      const position = index * small;
      const at = Math.round(x(position - 0.5)) + 0.5;
      const labelled = index % 5 === 0;
      context.moveTo(at, base);
      context.lineTo(at, base - (labelled ? 8 : 4));
      if (labelled) context.fillText(Math.round(position).toLocaleString("en-US"), at, base - 12);
    }
    context.stroke();
  }
  return { load: () => Promise.resolve(true), anyResolution: true, draw };
}
