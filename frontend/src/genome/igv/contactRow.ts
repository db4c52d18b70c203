import { significant, signed } from "../../ui/numbers";
import { type ContactMap, type ContactMode, contactPlane, pairAt } from "../signals/contactMap";
import { diverging } from "../tracks/palette";
import type { Pen, Reading, RowKind } from "./rowTrack";

interface Raster {
  map: ContactMap;
  mode: ContactMode;
  limit: number;
  dark: boolean;
  canvas: HTMLCanvasElement;
}

/** The upper triangle of a contact map, its base on the genome axis: rasterised once, then drawn turned by 45°. */
export function contactRow(load: () => Promise<ContactMap | null>): RowKind<ContactMap | null> {
  let raster: Raster | null = null;
  let rise = 1;
  let limits = { values: 0, difference: 0 };

  /** One scale of colours for a prediction and its truth. */
  function fit(map: ContactMap | null, _start: number, _end: number, beside?: ContactMap | null): void {
    limits = {
      values: Math.max(map?.limit ?? 0, beside?.limit ?? 0),
      difference: Math.max(map?.differenceLimit ?? 0, beside?.differenceLimit ?? 0),
    };
  }

  function rasterise(map: ContactMap, mode: ContactMode, dark: boolean): HTMLCanvasElement {
    const ofDifference = mode === "difference" && map.difference;
    const limit = Math.max(ofDifference ? limits.difference : limits.values, ofDifference ? map.differenceLimit : map.limit);
    if (raster?.map === map && raster.mode === mode && raster.dark === dark && raster.limit === limit) return raster.canvas;
    const canvas = document.createElement("canvas");
    canvas.width = map.bins;
    canvas.height = map.bins;
    const context = canvas.getContext("2d");
    const image = context?.createImageData(map.bins, map.bins);
    if (!context || !image) return canvas;
    const values = contactPlane(map, mode);
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index] ?? 0;
      const [red, green, blue] = diverging(Number.isNaN(value) ? 0 : value / limit, dark);
      image.data.set([red, green, blue, Number.isNaN(value) ? 0 : 255], index * 4);
    }
    context.putImageData(image, 0, 0);
    raster = { map, mode, limit, dark, canvas };
    return canvas;
  }

  function draw(map: ContactMap | null, pen: Pen): void {
    if (!map) return;
    const { context, height, basesPerPixel, style: look } = pen;
    const image = rasterise(map, look.contacts, look.dark);
    const half = map.bin / (2 * basesPerPixel);
    const base = height - 1;
    // The whole triangle stays in view: high maps are pressed flat rather than cut.
    rise = Math.min(half, (base - 4) / map.bins);
    context.save();
    context.beginPath();
    context.rect(0, 0, pen.width, base);
    context.clip();
    context.imageSmoothingEnabled = false;
    // Column u and row v of the map lie at x = half·(u + v), y = base − rise·(u − v).
    context.transform(half, -rise, half, rise, pen.x(map.start), base);
    context.drawImage(image, 0, 0);
    context.restore();
    context.strokeStyle = look.palette.rule;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(pen.x(map.start), base + 0.5);
    context.lineTo(pen.x(map.start + map.bins * map.bin), base + 0.5);
    context.lineTo(pen.x(map.start + (map.bins * map.bin) / 2), base - rise * map.bins);
    context.closePath();
    context.stroke();
  }

  function read(map: ContactMap | null, position: number, y: number, height: number): Reading[] {
    if (!map) return [];
    const distance = (Math.max(0, height - 1 - y) / rise) * map.bin;
    const pair = pairAt(map, position, distance);
    if (!pair) return [];
    const [left, right] = pair;
    const at = (values: Float32Array | null) => values?.[left * map.bins + right] ?? null;
    const place = (bin: number) =>
      `${(map.start + bin * map.bin + 1).toLocaleString("en-US")}–${(map.start + (bin + 1) * map.bin).toLocaleString("en-US")}`;
    const ref = at(map.reference);
    const alt = at(map.alternate);
    const difference = at(map.difference);
    const readings: Reading[] = [
      { name: left === right ? `within ${place(left)}` : `${place(left)} × ${place(right)}`, value: "" },
      { name: "REF", value: significant(ref), colour: "reference" },
    ];
    if (alt !== null) readings.push({ name: "ALT", value: significant(alt), colour: "alternate" });
    if (difference !== null) {
      readings.push({ name: "ALT−REF", value: signed(difference), colour: difference >= 0 ? "gain" : "loss" });
    }
    return readings;
  }

  return { load, anyResolution: true, fit, draw, read };
}
