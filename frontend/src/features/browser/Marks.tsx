import type { Chunk } from "../../api/types";
import type { Frame } from "../../genome/igv/genomeView";
import { referenceInterval } from "../../genome/variant";
import { grouped } from "../../ui/numbers";
import { blindStretches } from "./rowKinds";

/** What lies over all rows: the variant's band, inserted and deleted bases, and where the prediction ends. */
export function Marks({ frame, chunk, height, top }: { frame: Frame; chunk: Chunk | undefined; height: number; top: number }) {
  if (chunk?.interval.chromosome !== frame.chromosome) return null;
  const x = (position: number) => (position - frame.start) / frame.basesPerPixel;
  const left = x(chunk.interval.start);
  const right = x(chunk.interval.end);
  const style = (from: number, to: number) => ({ left: from, width: Math.max(0, to - from), top, height: height - top });
  return (
    <div className="marks" aria-hidden="true">
      {left > 0 ? <div className="mark-outside" style={style(0, Math.min(left, frame.width))} title="outside the predicted window" /> : null}
      {right < frame.width ? <div className="mark-outside" style={style(Math.max(0, right), frame.width)} /> : null}
      {blindStretches(chunk).map(([start, end]) => {
        const from = x(start);
        const to = x(end);
        if (to < 0 || from > frame.width) return null;
        return <div key={start} className="mark-blind" style={style(from, Math.max(to, from + 1))} data-testid="blind" />;
      })}
      {chunk.variants.map((variant) => {
        const { start, end } = referenceInterval(variant);
        const from = x(start);
        const to = x(end);
        if (to < 0 || from > frame.width) return null;
        const wide = Math.max(to - from, 9);
        const middle = (from + to) / 2;
        return (
          <div key={variant.text} className="mark-variant" style={{ ...style(middle - wide / 2, middle + wide / 2), top: 0, height }} data-testid="variant-band" data-position={variant.position}>
            <span className="mark-flag" />
          </div>
        );
      })}
      {chunk.edits.map((edit) => {
        const from = x(edit.start);
        const to = x(Math.max(edit.end, edit.start));
        if (edit.kind === "substitution" || to < 0 || from > frame.width) return null;
        const words = `${edit.kind === "insertion" ? "+" : "−"}${grouped(edit.length)} bp`;
        return (
          <div
            key={`${edit.kind}-${edit.start}`}
            className={`mark-edit mark-${edit.kind}`}
            style={style(from, edit.kind === "insertion" ? from + 2 : Math.max(to, from + 2))}
            data-testid={`edit-${edit.kind}`}
          >
            <span>{words}</span>
          </div>
        );
      })}
    </div>
  );
}
