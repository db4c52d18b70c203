import type { Report, ShowcaseRow } from "../../api/types";
import { significant } from "../../ui/numbers";
import { Alleles, Pair, Verdict } from "./figures";
import { axisOf, byLocus, cellTypes, change, what } from "./report";

/** Every show-case locus, truth beside prediction. */
export function ShowcaseSection({ showcase, titles }: { showcase: Report["showcase"]; titles: ReadonlyMap<string, string> }) {
  return (
    <>
      <p>
        log2 ratios of ALT to REF; for splicing and contacts, changes. A row is met if every cell type that it is about
        moves the right way, by at least a fifth of the truth, and the others (pale) by less than a fifth of that.
      </p>
      <p className="legend" aria-hidden="true">
        <svg width="12" height="12" className="pair">
          <circle className="pair-truth" cx="6" cy="6" r="5" />
        </svg>
        truth
        <svg width="12" height="12" className="pair">
          <circle className="pair-predicted" cx="6" cy="6" r="3" />
        </svg>
        prediction
      </p>
      {byLocus(showcase.rows).map((locus) => (
        <details key={locus.slug} className="locus-report" data-testid={`locus-${locus.slug}`}>
          <summary>
            <span>{locus.title}</span>
            <Tally rows={locus.variants.flatMap(({ rows }) => rows)} />
          </summary>
          {locus.variants.map((variant) => (
            <section key={variant.name} className="locus-variant">
              <h4>
                <span className="mono locus-change">{variant.change}</span> {variant.title}
              </h4>
              {variant.rows.map((row) => (
                <Row key={`${row.output_type} ${row.target} ${row.where}`} row={row} name={what(row, titles)} />
              ))}
            </section>
          ))}
          {locus.slug === "d-neuro" ? <Enhancers {...showcase.enhancers} /> : null}
          {locus.slug === "d-tal1" ? <Background {...showcase.background} /> : null}
        </details>
      ))}
    </>
  );
}

function Tally({ rows }: { rows: readonly ShowcaseRow[] }) {
  const met = rows.filter(({ passed }) => passed).length;
  return (
    <span className={met === rows.length ? "verdict" : "verdict verdict-missed"}>
      {met} of {rows.length} met
    </span>
  );
}

function Row({ row, name }: { row: ShowcaseRow; name: string }) {
  const axis = axisOf([...Object.values(row.truth), ...Object.values(row.predicted)]);
  return (
    <div className="showcase-row">
      <div className="showcase-what">
        {name} <Verdict passed={row.passed} />
        {row.direction === 0 ? <small>nothing is to happen</small> : null}
      </div>
      <div className="showcase-cells">
        {cellTypes(row).map((key) => {
          const [truth, predicted] = [row.truth[key] ?? 0, row.predicted[key] ?? 0];
          const main = row.cell_types.length === 0 || row.cell_types.includes(key);
          return (
            <div key={key} className={main ? "showcase-cell" : "showcase-cell quiet"}>
              <span>{key}</span>
              <Pair truth={truth} predicted={predicted} axis={axis} main={main} />
              <span className="number" aria-hidden="true">
                {change(truth)} → {change(predicted)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Enhancers({ truth, predicted, passed }: Report["showcase"]["enhancers"]) {
  const told = (values: readonly number[]) => values.map(change).join(", ");
  return (
    <p>
      Deleting the enhancers at 1, 3 and 6 kb of D-NEURO2 changes its RNA in HEP by {told(truth)} in truth and {told(predicted)}{" "}
      as predicted; the nearest should matter most. <Verdict passed={passed} />
    </p>
  );
}

function Background({ below, p, passed, activating, background }: Report["showcase"]["background"]) {
  return (
    <section className="locus-variant" data-testid="background">
      <h4>Among random insertions</h4>
      <p>
        {Math.round(below * 100)} % of {background.length} random alleles of the same lengths (above the axis) score below
        the smallest of the {activating.length} activating insertions (red); asked for are 90 %. One-sided rank test: p ={" "}
        {significant(p, 2)}, asked for less than 0.01. <Verdict passed={passed} />
      </p>
      <Alleles background={background} activating={activating} />
      <p className="quiet">
        Predicted log2 ratio of RNA of D-TAL1 in T. A random allele may write a MYB site by chance and then rightly scores
        high.
      </p>
    </section>
  );
}
