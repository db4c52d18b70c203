import { significant } from "../../ui/numbers";
import { axisOf, change } from "./report";

/** Small figures of the page about a model; each has its numbers as words. */

/** A figure from 0 to 1 as a bar, with a tick where it should reach. */
export function Bar({ value, target, passed }: { value: number; target: number | null; passed: boolean | null }) {
  const part = (share: number) => `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <span className={passed === false ? "bar bar-missed" : "bar"} aria-hidden="true">
      <span className="bar-value" style={{ width: part(value) }} />
      {target === null ? null : <span className="bar-target" style={{ left: part(target) }} />}
    </span>
  );
}

export function Verdict({ passed }: { passed: boolean | null }) {
  if (passed === null) return <span className="quiet">no target</span>;
  return <span className={passed ? "verdict" : "verdict verdict-missed"}>{passed ? "met" : "missed"}</span>;
}

const WIDTH = 180;
const EDGE = 7;
const along = (value: number, [low, high]: [number, number], width: number, edge: number) =>
  edge + ((value - low) / (high - low)) * (width - 2 * edge);

/** Truth as a ring and prediction as a dot on one axis; the line at 0 is no change. */
export function Pair({ truth, predicted, axis, main }: { truth: number; predicted: number; axis: [number, number]; main: boolean }) {
  const at = (value: number) => along(value, axis, WIDTH, EDGE);
  return (
    <svg className={main ? "pair" : "pair pair-other"} viewBox={`0 0 ${WIDTH} 16`} width={WIDTH} height={16} role="img"
      aria-label={`truth ${change(truth)}, predicted ${change(predicted)}`}>
      <line className="pair-zero" x1={at(0)} x2={at(0)} y1={0} y2={16} />
      <line className="pair-gap" x1={at(truth)} x2={at(predicted)} y1={8} y2={8} />
      <circle className="pair-truth" cx={at(truth)} cy={8} r={5} />
      <circle className="pair-predicted" cx={at(predicted)} cy={8} r={3} />
    </svg>
  );
}

interface Score {
  change: string;
  truth: number;
  predicted: number;
}

const STRIP_WIDTH = 640;
const STRIP_EDGE = 20;

/** Every allele as a stroke at its predicted score: background above the axis, activating ones below it. */
export function Alleles({ background, activating }: { background: readonly Score[]; activating: readonly Score[] }) {
  const axis = axisOf([...background, ...activating].map(({ predicted }) => predicted));
  const at = (value: number) => along(value, axis, STRIP_WIDTH, STRIP_EDGE);
  const smallest = Math.min(...activating.map(({ predicted }) => predicted));
  const stroke = (score: Score, className: string, top: number) => (
    <line key={score.change} className={className} x1={at(score.predicted)} x2={at(score.predicted)} y1={top} y2={top + 26}>
      <title>{`${score.change}: predicted ${change(score.predicted)}, truth ${change(score.truth)}`}</title>
    </line>
  );
  return (
    <svg className="alleles" viewBox={`0 0 ${STRIP_WIDTH} 92`} role="img"
      aria-label={`Predicted scores: ${background.length} random alleles, ${activating.length} activating insertions from ${change(smallest)} up`}>
      <rect className="alleles-reach" x={at(smallest)} width={Math.max(0, STRIP_WIDTH - STRIP_EDGE - at(smallest))} y={6} height={64} />
      {background.map((score) => stroke(score, "allele-background", 8))}
      {activating.map((score) => stroke(score, "allele-activating", 42))}
      <line className="alleles-axis" x1={STRIP_EDGE} x2={STRIP_WIDTH - STRIP_EDGE} y1={72} y2={72} />
      {[axis[0], 0, axis[1]].filter((value, index, all) => all.indexOf(value) === index).map((value) => (
        <text key={value} x={at(value)} y={88} textAnchor="middle">
          {value === 0 ? "0" : significant(value, 2)}
        </text>
      ))}
    </svg>
  );
}
