import { useGenes } from "../../api/queries";
import type { Example } from "../../api/types";
import { describeVariant, parseVariant } from "../../genome/variant";
import { openExample } from "../browser/openings";

/** One example: a picture of its place (real gene models), one sentence, and the alleles to try. */
export function ExampleCard({ example }: { example: Example }) {
  const variants = example.variants.flatMap((text) => parseVariant(text) ?? []);
  const [variant] = variants;
  const [locus, words] = example.title.split(/:\s*/, 2);
  return (
    <article className="card" data-testid={`example-${example.slug}`}>
      <button type="button" className="card-main" onClick={() => openExample(example)}>
        <LocusPicture example={example} />
        <span className="card-title">
          <em>{locus}</em>
          {words ? <span>{words}</span> : null}
        </span>
        <span className="card-sentence">
          {example.sentence}
          {example.like ? <span className="card-like"> Like {example.like}.</span> : null}
        </span>
        {variant ? (
          <span className="card-variant mono">
            {variant.chromosome}:{variant.position.toLocaleString("en-US")} {variant.reference_bases}›
            {variant.alternate_bases}
            <span className="quiet"> {describeVariant(variant)}</span>
          </span>
        ) : null}
      </button>
      {example.alternatives.length > 0 ? (
        <div className="card-alternatives" role="group" aria-label={`Other alleles of ${example.title}`}>
          {example.alternatives.slice(0, 4).map(({ label, variants: other }) => (
            <button key={label} type="button" onClick={() => openExample(example, other)}>
              {label}
            </button>
          ))}
        </div>
      ) : null}
    </article>
  );
}

const WIDE = 280;
const HIGH = 46;

function LocusPicture({ example }: { example: Example }) {
  const { chromosome, start, end } = example.interval;
  const { data } = useGenes(example.assembly, chromosome, start, end);
  const x = (position: number) => ((position - start) / (end - start)) * WIDE;
  const marks = example.variants.flatMap((text) => parseVariant(text) ?? []);
  return (
    <svg className="locus" viewBox={`0 0 ${WIDE} ${HIGH}`} aria-hidden="true" preserveAspectRatio="none">
      <line x1="0" x2={WIDE} y1="30.5" y2="30.5" className="locus-line" />
      {data?.genes.map((gene) => (
        <g key={gene.id}>
          <line x1={x(gene.start)} x2={x(gene.end)} y1="30.5" y2="30.5" className="locus-intron" />
          {(gene.transcripts[0]?.exons ?? []).map(([from = 0, to = 0]) => (
            <rect key={from} x={x(from)} width={Math.max(1.5, x(to) - x(from))} y="26" height="9" className="locus-exon" />
          ))}
        </g>
      ))}
      {marks.map((variant) => (
        <line key={variant.position} x1={x(variant.position)} x2={x(variant.position)} y1="4" y2={HIGH} className="locus-mark" />
      ))}
    </svg>
  );
}
