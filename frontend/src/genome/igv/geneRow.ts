import type { Gene } from "../../api/types";
import type { Pen, Reading, RowKind, RowQuery } from "./rowTrack";

export interface GeneSet {
  genes: Gene[];
}

/** Places genes on as few lines as hold them and their names without overlap. */
export function packGenes(genes: Gene[], basesPerPixel: number, nameWidth: (name: string) => number): Map<string, number> {
  const ends: number[] = [];
  const lines = new Map<string, number>();
  for (const gene of [...genes].sort((a, b) => a.start - b.start)) {
    const end = Math.max(gene.end, gene.start + nameWidth(gene.name) * basesPerPixel) + 8 * basesPerPixel;
    let line = ends.findIndex((taken) => taken <= gene.start);
    if (line < 0) line = ends.push(0) - 1;
    ends[line] = end;
    lines.set(gene.id, line);
  }
  return lines;
}

const LINE = 23;
const MOST_LINES = 2;
export const GENE_HEIGHT = LINE * MOST_LINES + 4;

/** Gene models: exons as boxes, coding parts higher, introns as a line with arrows along the strand. */
export function geneRow(fetchGenes: (query: RowQuery) => Promise<Gene[] | undefined>): RowKind<GeneSet> {
  async function load(query: RowQuery): Promise<GeneSet | undefined> {
    const genes = await fetchGenes(query);
    return genes && { genes };
  }

  function draw({ genes }: GeneSet, pen: Pen): void {
    const { context, style, basesPerPixel } = pen;
    context.font = `italic 500 11.5px ${style.font}`;
    context.textBaseline = "alphabetic";
    const lines = packGenes(genes, basesPerPixel, (name) => context.measureText(name).width + 14);
    for (const gene of genes) {
      const line = lines.get(gene.id) ?? 0;
      if (line < MOST_LINES) drawGene(gene, 4 + line * LINE, pen);
    }
  }

  function read({ genes }: GeneSet, position: number): Reading[] {
    return genes
      .filter((gene) => gene.start <= position && position < gene.end)
      .map((gene) => ({ name: `${gene.name} (${gene.strand === "-" ? "−" : gene.strand})`, value: gene.gene_type.replaceAll("_", " ") }));
  }

  return { load, anyResolution: true, draw, read };
}

function drawGene(gene: Gene, top: number, { context, style, x, view }: Pen): void {
  const { ink, faint } = style.palette;
  const middle = top + 5;
  const left = x(gene.start);
  const right = x(gene.end);
  context.strokeStyle = faint;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(left, middle + 0.5);
  context.lineTo(right, middle + 0.5);
  context.stroke();

  const step = gene.strand === "-" ? -3 : 3;
  context.beginPath();
  for (let at = left + 9; at < right - 4; at += 14) {
    context.moveTo(at - step, middle - 2.5);
    context.lineTo(at, middle + 0.5);
    context.lineTo(at - step, middle + 3.5);
  }
  context.stroke();

  context.fillStyle = ink;
  const transcript = gene.transcripts[0];
  for (const [start = 0, end = 0] of transcript?.exons ?? [[gene.start, gene.end]]) {
    context.fillRect(x(start), middle - 2, Math.max(1, x(end) - x(start)), 5);
  }
  for (const [start = 0, end = 0] of transcript?.cds ?? []) {
    context.fillRect(x(start), middle - 4.5, Math.max(1, x(end) - x(start)), 10);
  }
  const name = gene.strand === "-" ? `◂ ${gene.name}` : `${gene.name} ▸`;
  // A gene that begins left of the screen keeps its name in sight.
  const shownLeft = Math.max(left, Math.min(x(view.start) + 4, right - context.measureText(name).width));
  context.fillText(name, shownLeft, top + 20);
}
