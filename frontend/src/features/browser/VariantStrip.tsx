import { useGenes } from "../../api/queries";
import type { Chunk, Gene, Genome, Job } from "../../api/types";
import { formatInterval, type Interval } from "../../genome/interval";
import { describeVariant, parseVariant, type Variant } from "../../genome/variant";
import { basePairs, plural } from "../../ui/numbers";
import type { Shown, ViewState } from "./viewState";

interface VariantStripProps {
  view: ViewState;
  genome: Genome;
  interval: Interval;
  job: Job | null;
  chunk: Chunk | undefined;
  /** Why there is no truth to show; null where there is. */
  noTruth: string | null;
  onShown: (shown: Shown) => void;
  onTruth: (truth: boolean) => void;
  onChunk: (index: number) => void;
}

const SWITCHES: [keyof Shown, string, string][] = [
  ["reference", "REF", "Show the reference allele, in grey"],
  ["alternate", "ALT", "Show the alternate allele, in orange-red"],
  ["difference", "ALT−REF", "Show the difference, gain above and loss below the line"],
];

/** What is looked at, in the field's words, and what of it is drawn. */
export function VariantStrip({ view, genome, interval, job, chunk, noTruth, onShown, onTruth, onChunk }: VariantStripProps) {
  const inChunk = chunk?.variants ?? [];
  const variants = inChunk.length > 0 ? inChunk : view.variants.flatMap((text) => parseVariant(text) ?? []);
  const [variant] = variants;
  const several = (job?.chunks.length ?? 0) > 1;

  return (
    <section className="strip" aria-label="What is looked at">
      <div className="strip-what">
        {variant ? (
          <>
            <h1 className="strip-title mono" data-testid="variant-title">
              <VariantText variant={variant} />
              {variants.length > 1 ? <span className="quiet"> and {plural(variants.length - 1, "more")} on one haplotype</span> : null}
            </h1>
            <p className="strip-sentence">
              {describeVariant(variant)}
              <NearestGene genome={genome} variant={variant} />
            </p>
          </>
        ) : (
          <h1 className="strip-title mono" data-testid="variant-title">
            {formatInterval(interval, true)} <span className="quiet">{basePairs(interval.end - interval.start)}</span>
          </h1>
        )}
      </div>
      {several ? (
        <label className="strip-chunk">
          <span>Variant</span>
          <select value={view.chunk} onChange={({ currentTarget: { value } }) => onChunk(Number(value))} data-testid="chunk-select">
            {job?.chunks.map((each, index) => (
              <option key={each.id} value={index}>
                {each.variants.map(({ text }) => text).join(", ") || formatInterval(each.interval, true)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <div className="strip-switches">
        {variant ? (
          <div className="switches" role="group" aria-label="Drawn alleles">
            {SWITCHES.map(([name, word, title]) => (
              <button
                key={name}
                type="button"
                className={`switch switch-${name}`}
                aria-pressed={view.shown[name]}
                title={title}
                onClick={() => onShown({ ...view.shown, [name]: !view.shown[name] })}
                data-testid={`show-${name}`}
              >
                <span className="swatch" /> {word}
              </button>
            ))}
          </div>
        ) : null}
        <button
          type="button"
          className="switch switch-truth"
          aria-pressed={view.truth && noTruth === null}
          aria-disabled={noTruth !== null}
          title={noTruth ?? "Show the simulator's truth below each prediction: what is so in the invented genome"}
          onClick={() => {
            if (noTruth === null) onTruth(!view.truth);
          }}
          data-testid="show-truth"
        >
          <span className="swatch" /> Simulator’s truth
        </button>
      </div>
    </section>
  );
}

function VariantText({ variant }: { variant: Variant }) {
  const bases = (text: string) => (text.length > 24 ? `${text.slice(0, 16)}…${text.slice(-4)} (${text.length})` : text || "–");
  return (
    <>
      {variant.chromosome}:{variant.position.toLocaleString("en-US")} <span className="allele-ref">{bases(variant.reference_bases)}</span>
      <span className="quiet">&gt;</span>
      <span className="allele-alt">{bases(variant.alternate_bases)}</span>
    </>
  );
}

const NEAR = 20_000;

function NearestGene({ genome, variant }: { genome: Genome; variant: Variant }) {
  const position = variant.position - 1;
  // A grid, so that neighbouring variants share one question.
  const start = Math.max(0, Math.floor((position - NEAR) / 10_000) * 10_000);
  const end = Math.ceil((position + NEAR) / 10_000) * 10_000;
  const { data } = useGenes(genome.assembly, variant.chromosome, start, end);
  const words = data ? placeWords(data.genes, position) : null;
  return words ? (
    <>
      {" · "}
      {words.before}
      <em>{words.gene.name}</em> ({words.gene.strand === "-" ? "−" : "+"})
    </>
  ) : null;
}

/** "in ", "2.5 kb upstream of " the gene whose body or start is nearest. */
export function placeWords(genes: Gene[], position: number): { before: string; gene: Gene } | null {
  const distance = ({ start, end }: Gene) => (position < start ? start - position : position >= end ? position - end + 1 : 0);
  const gene = [...genes].sort((a, b) => distance(a) - distance(b))[0];
  if (!gene) return null;
  const away = distance(gene);
  if (away === 0) {
    const inExon = gene.transcripts[0]?.exons.some(([from = 0, to = 0]) => from <= position && position < to);
    return { before: inExon ? "in an exon of " : "in an intron of ", gene };
  }
  const upstream = (position < gene.start) === (gene.strand !== "-");
  return { before: `${basePairs(away)} ${upstream ? "upstream" : "downstream"} of `, gene };
}
