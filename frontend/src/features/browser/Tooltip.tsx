import type { Frame } from "../../genome/igv/genomeView";
import type { Reading } from "../../genome/igv/rowTrack";

interface TooltipProps {
  pointer: { x: number; y: number };
  reading: { row: string; position: number; readings: Reading[] };
  frame: Frame;
  height: number;
}

/** A hair line through all rows, and the values under the pointer. */
export function Tooltip({ pointer, reading, frame, height }: TooltipProps) {
  const x = (reading.position + 0.5 - frame.start) / frame.basesPerPixel;
  const onRight = pointer.x > window.innerWidth - 480;
  return (
    <>
      <div className="hairline" style={{ left: x, height }} aria-hidden="true" />
      <div
        className="readout"
        role="tooltip"
        style={{
          top: Math.min(pointer.y + 14, window.innerHeight - 120),
          ...(onRight ? { right: window.innerWidth - pointer.x + 14 } : { left: pointer.x + 14 }),
        }}
      >
        <div className="readout-place">
          {frame.chromosome}:{(reading.position + 1).toLocaleString("en-US")}
        </div>
        {reading.readings.map(({ name, value, colour }, index) => (
          <div key={index} className="readout-line">
            <span className={colour ? `swatch swatch-${colour}` : "swatch"} />
            <span>{name}</span>
            <b>{value}</b>
          </div>
        ))}
      </div>
    </>
  );
}
