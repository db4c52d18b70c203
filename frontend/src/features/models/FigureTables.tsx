import type { Report, StratumRow } from "../../api/types";
import { grouped, significant } from "../../ui/numbers";
import { Bar, Verdict } from "./figures";

type OrganismReport = Report["organisms"][number];

/** Readouts along the chromosomes of one organism. */
export function ReadoutTable({ organism }: { organism: OrganismReport }) {
  const targets = organism.rows.some(({ target }) => target !== null);
  return (
    <div className="table-frame">
      <table className="table figures" data-testid={`readouts-${organism.organism}`}>
        <caption className="hidden">Agreement with the simulator on {organism.chromosomes.join(" and ")}</caption>
        <thead>
          <tr>
            <th scope="col">Readout</th>
            <th scope="col" className="number">
              Measured
            </th>
            <th scope="col" className="drawn">
              <span className="hidden">As a bar</span>
            </th>
            {targets ? (
              <>
                <th scope="col" className="number">
                  Target
                </th>
                <th scope="col">
                  <span className="hidden">Verdict</span>
                </th>
              </>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {organism.rows.map((row) => (
            <tr key={row.readout}>
              <th scope="row">
                {row.readout}
                <small>{row.measure}</small>
              </th>
              <td className="number">{significant(row.measured)}</td>
              <td className="drawn">
                <Bar value={row.measured} target={row.target} passed={row.passed} />
              </td>
              {targets ? (
                <>
                  <td className="number">{row.target === null ? "–" : significant(row.target, 2)}</td>
                  <td>
                    <Verdict passed={row.passed} />
                  </td>
                </>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Held-out variants, one row a kind. */
export function StrataTable({ rows }: { rows: readonly StratumRow[] }) {
  return (
    <div className="table-frame">
      <table className="table figures" data-testid="strata">
        <caption className="hidden">Held-out variants by kind</caption>
        <thead>
          <tr>
            <th scope="col">Kind of variant</th>
            <th scope="col" className="number count">
              Variants
            </th>
            <th scope="col">Right sign</th>
            <th scope="col">Pearson r</th>
            <th scope="col">
              <span className="hidden">Verdict</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.stratum} data-testid="stratum">
              <th scope="row">{row.stratum}</th>
              <td className="number count">{grouped(row.n)}</td>
              {row.sign_accuracy === null ? (
                <td colSpan={2} className="words">
                  95 % of the absolute scores are below {significant(row.percentile_95)}; asked for is less than{" "}
                  {significant(row.limit)}, a third of the median of “site broken”
                </td>
              ) : (
                <>
                  <td>
                    <Measured value={row.sign_accuracy} target={row.threshold_sign} />
                  </td>
                  <td>
                    <Measured value={row.pearson} target={row.threshold_pearson} />
                  </td>
                </>
              )}
              <td>
                <Verdict passed={row.passed} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Measured({ value, target }: { value: number | null; target: number | null }) {
  if (value === null) return <>–</>;
  return (
    <span className="measured">
      <span className="measured-value">{value.toFixed(2)}</span>
      <Bar value={value} target={target} passed={target === null ? null : value >= target} />
      {target === null ? null : <span className="quiet">≥ {target.toFixed(2)}</span>}
    </span>
  );
}

export function PropertyTable({ rows }: { rows: Report["properties"] }) {
  return (
    <div className="table-frame">
      <table className="table figures" data-testid="properties">
        <caption className="hidden">Further properties</caption>
        <thead>
          <tr>
            <th scope="col">Property</th>
            <th scope="col" className="number">
              Measured
            </th>
            <th scope="col" className="number">
              Tolerance
            </th>
            <th scope="col">
              <span className="hidden">Verdict</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.property}>
              <th scope="row">
                {row.property}
                <small>{row.measure}</small>
              </th>
              <td className="number">{significant(row.measured)}</td>
              <td className="number">
                {row.relation === ">=" ? "≥" : "≤"} {String(row.tolerance).replace("e-", "e−")}
              </td>
              <td>
                <Verdict passed={row.passed} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
