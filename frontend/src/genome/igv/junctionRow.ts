import { significant, signed } from "../../ui/numbers";
import type { Pen, Reading, RowKind } from "./rowTrack";

/** One splice junction of one track, 0-based half-open: the intron's first base and the exon's first base after it. */
export interface Arc {
  start: number;
  end: number;
  strand: string;
  reference: number;
  alternate: number | null;
}

export interface ArcSet {
  arcs: Arc[];
  /** The part has been read; without arcs it means that nothing is spliced here. */
  loaded: boolean;
}

const PADDING = 14;

/** REF arcs above the line in grey, ALT arcs below it in red; width and label tell how much. */
export function junctionRow(load: () => Promise<ArcSet | undefined>): RowKind<ArcSet> {
  let mostBeside = 0;
  const largest = ({ arcs }: ArcSet) => arcs.reduce((most, arc) => Math.max(most, strength(arc)), 0);

  /** One scale of widths for a prediction and its truth. */
  function fit(_set: ArcSet, _start: number, _end: number, beside?: ArcSet): void {
    mostBeside = beside ? largest(beside) : 0;
  }

  function draw(set: ArcSet, pen: Pen): void {
    const { context, style, height } = pen;
    const both = style.reference && style.alternate && set.arcs.some((arc) => arc.alternate !== null);
    const onlyAlternate = !style.reference && style.alternate;
    const line = both ? Math.round(height / 2) : height - PADDING;
    const most = Math.max(largest(set), mostBeside) || 1;
    context.font = `10.5px ${style.font}`;
    context.textAlign = "center";
    context.strokeStyle = style.palette.rule;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, line + 0.5);
    context.lineTo(pen.width, line + 0.5);
    context.stroke();
    const labels: Box[] = [];
    // Strong arcs first: where labels would overlap, theirs stay.
    for (const arc of [...set.arcs].sort((a, b) => strength(b) - strength(a))) {
      const room = line - PADDING;
      if (!onlyAlternate) drawArc(arc, arc.reference, line, room, -1, style.palette.reference, most, pen, labels);
      if (style.alternate && arc.alternate !== null) {
        drawArc(arc, arc.alternate, line, room, both ? 1 : -1, style.palette.alternate, most, pen, labels);
      }
    }
  }

  function read({ arcs }: ArcSet, position: number, _y: number, _height: number, basesPerPixel: number): Reading[] {
    const near = arcs
      .filter((arc) => arc.start - 4 * basesPerPixel <= position && position <= arc.end + 4 * basesPerPixel)
      .sort((a, b) => a.end - a.start - (b.end - b.start))
      .slice(0, 3);
    return near.flatMap((arc) => [
      { name: `junction ${(arc.start + 1).toLocaleString("en-US")}–${arc.end.toLocaleString("en-US")}`, value: "" },
      { name: "REF", value: significant(arc.reference), colour: "reference" },
      ...(arc.alternate === null
        ? []
        : [
            { name: "ALT", value: significant(arc.alternate), colour: "alternate" },
            {
              name: "ALT−REF",
              value: signed(arc.alternate - arc.reference),
              colour: arc.alternate >= arc.reference ? "gain" : "loss",
            },
          ]),
    ]);
  }

  return { load, anyResolution: true, fit, draw, read };
}

function drawArc(
  arc: Arc,
  value: number,
  line: number,
  room: number,
  direction: 1 | -1,
  colour: string,
  most: number,
  { context, x, width }: Pen,
  labels: Box[],
): void {
  if (value <= 0) return;
  const left = x(arc.start);
  const right = x(arc.end);
  if (right < 0 || left > width || right - left < 1.5) return;
  const share = Math.sqrt(value / most);
  const rise = room * (0.35 + 0.65 * Math.min(1, (right - left) / 260));
  context.strokeStyle = colour;
  context.globalAlpha = 0.35 + 0.65 * share;
  context.lineWidth = 0.8 + 3.2 * share;
  const control = line + (direction * rise * 4) / 3;
  context.beginPath();
  context.moveTo(left, line);
  context.bezierCurveTo(left + (right - left) * 0.12, control, right - (right - left) * 0.12, control, right, line);
  context.stroke();
  context.globalAlpha = 1;
  if (share < 0.12) return;
  const text = significant(value, 2);
  const half = context.measureText(text).width / 2 + 3;
  const middle = (left + right) / 2;
  const y = direction < 0 ? line - rise - 3 : line + rise + 11;
  const box = { left: middle - half, right: middle + half, top: y - 10, bottom: y + 1 };
  if (labels.some((other) => overlap(box, other))) return;
  labels.push(box);
  context.fillStyle = colour;
  context.fillText(text, middle, y);
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function strength({ reference, alternate }: Arc): number {
  return Math.max(reference, alternate ?? 0);
}
