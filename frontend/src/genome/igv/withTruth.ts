import type { Pen, Reading, RowData, RowKind, RowQuery } from "./rowTrack";

/** What a row holds: a prediction, and the simulator's truth where it is shown and there. */
export interface WithTruth<D> {
  predicted: D;
  truth: D | null;
}

export interface TruthOptions {
  /** Height of the truth below the prediction; 0 where it is not shown. */
  height: () => number;
  /** Drawn upside down, on the line that both stand on. */
  mirrored: boolean;
}

/** Who says it, in the words of every label. */
export const PREDICTED = "predicted (demo model)";
export const TRUTH = "truth (simulator)";

/**
 * A prediction and, below it in the same row, what is true: read from sources of their own, drawn by the same code on
 * the same scale, the truth in outlines on a tinted ground.
 */
export function withTruth<D>(predicted: RowKind<D>, truth: RowKind<D>, { height, mirrored }: TruthOptions): RowKind<WithTruth<D>> {
  async function load(query: RowQuery): Promise<RowData<WithTruth<D>>> {
    const [answer, true_] = await Promise.all([predicted.load(query), height() > 0 ? truth.load(query) : null]);
    // Either was overtaken: what was drawn before stays, as a whole.
    if (answer === undefined || true_ === undefined) return undefined;
    return { predicted: answer, truth: true_ };
  }

  function fit(data: WithTruth<D>, start: number, end: number): void {
    predicted.fit?.(data.predicted, start, end, data.truth ?? undefined);
    if (data.truth) truth.fit?.(data.truth, start, end, data.predicted);
  }

  function draw(data: WithTruth<D>, pen: Pen): void {
    const below = height();
    const above = pen.height - below;
    predicted.draw(data.predicted, { ...pen, height: above });
    if (below === 0) return;
    const { context, style } = pen;
    context.save();
    context.fillStyle = style.palette.truthGround;
    context.fillRect(0, above, pen.width, below);
    if (data.truth) {
      context.translate(0, mirrored ? above + below : above);
      if (mirrored) context.scale(1, -1);
      truth.draw(data.truth, { ...pen, height: below, style: { ...style, truth: true, difference: style.difference && !style.reference && !style.alternate } });
    }
    context.restore();
  }

  function read(data: WithTruth<D>, position: number, y: number, rowHeight: number, basesPerPixel: number): Reading[] {
    const below = height();
    const above = rowHeight - below;
    // The same place of the drawing in both halves.
    const inTruth = y >= above;
    const share = inTruth ? (mirrored ? 1 - (y - above) / below : (y - above) / below) : y / above;
    const ask = (kind: RowKind<D>, what: D, tall: number) => kind.read?.(what, position, share * tall, tall, basesPerPixel) ?? [];
    const readings = ask(predicted, data.predicted, above);
    if (below === 0) return readings;
    const truths = data.truth ? ask(truth, data.truth, below) : [];
    return [
      ...(readings.length > 0 ? [{ name: PREDICTED, value: "" }, ...readings] : []),
      ...(truths.length > 0 ? [{ name: TRUTH, value: "" }, ...truths] : []),
    ];
  }

  return { load, anyResolution: predicted.anyResolution, ...(predicted.fit ? { fit } : {}), draw, read };
}

/** The prediction that a row of any kind holds, for those who look into rows from outside. */
export function predictedIn(data: unknown): unknown {
  return isWithTruth(data) ? data.predicted : data;
}

export function truthIn(data: unknown): unknown {
  return isWithTruth(data) ? data.truth : null;
}

function isWithTruth(data: unknown): data is WithTruth<unknown> {
  return typeof data === "object" && data !== null && "predicted" in data && "truth" in data;
}
