import { useEffect } from "react";
import { sentence } from "../../api/errors";
import { useCatalogue, useEngine, useReport } from "../../api/queries";
import type { EngineDetails, EngineReport, Report } from "../../api/types";
import { grouped } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { PropertyTable, ReadoutTable, StrataTable } from "./FigureTables";
import { duration, missedByPlace, verdict } from "./report";
import { ShowcaseSection } from "./ShowcaseSection";

/** The engine whose weights are a key of somebody else's service. */
const HOSTED = "hosted";

/** About one model: what it is, what it was measured to be worth, and where it ends. */
export function ModelPage({ name }: { name: string }) {
  const engine = useEngine(name);
  const report = useReport(name);
  const title = engine.data?.title ?? name;
  useEffect(() => {
    document.title = `About ${title} · Allelens`;
  }, [title]);

  return (
    <main className="page model" data-testid="page-model">
      {engine.isPending ? <p className="quiet">Looking for the model …</p> : null}
      {engine.isError ? <Notice kind="error">{sentence(engine.error)}</Notice> : null}
      {engine.data ? (
        <>
          <About engine={engine.data} />
          {report.isPending ? <p className="quiet">Looking for its figures …</p> : null}
          {report.isError ? <Notice kind="error">{sentence(report.error)}</Notice> : null}
          {report.data ? <Figures engine={engine.data} found={report.data} /> : null}
          <Licence invented={engine.data.invented} />
        </>
      ) : null}
    </main>
  );
}

function About({ engine }: { engine: EngineDetails }) {
  return (
    <>
      <p className="crumb quiet">About this model</p>
      <h1>{engine.title}</h1>
      <p className="lead">{engine.description}</p>
      {engine.invented ? (
        <Notice kind="warning">The genome, its genes and its cell types are invented. Nothing here says anything about people.</Notice>
      ) : null}
      {engine.installed ? null : (
        <Notice kind="remark">
          {engine.problem} <code>{engine.install_command}</code>
          {engine.name === HOSTED ? (
            <>
              {" "}
              Its key is set in <Link href="/settings">Settings</Link>.
            </>
          ) : null}
        </Notice>
      )}
      <dl className="facts">
        <dt>Genomes</dt>
        <dd>{engine.organisms.map(({ assembly, organism }) => `${assembly} (${organism})`).join(", ")}</dd>
        <dt>Windows</dt>
        <dd>{engine.windows.map(grouped).join(", ")} bp</dd>
        {engine.weights_digest ? (
          <>
            <dt>Weights</dt>
            <dd className="mono">{engine.weights_digest}</dd>
          </>
        ) : null}
      </dl>
    </>
  );
}

function Figures({ engine, found }: { engine: EngineDetails; found: EngineReport }) {
  if (!found.report) return <NoReport engine={engine} command={found.command} />;
  return (
    <>
      {found.current ? null : (
        <Notice kind="warning">
          These figures were measured on other weights ({found.report.weights_digest.slice(0, 12)}) than the installed
          ones. Measure anew: <code>{found.command}</code>
        </Notice>
      )}
      <ReportBody report={found.report} />
    </>
  );
}

function NoReport({ engine, command }: { engine: EngineDetails; command: string }) {
  return (
    <section data-testid="no-report">
      <h2>Figures</h2>
      {command ? (
        <p>
          This model has not been measured on this machine. A few minutes give its report: <code>{command}</code>
        </p>
      ) : (
        <p>
          {engine.title} predicts real genomes. What a variant truly does there is known for few, so this app has no
          figures of its own to show; those of its makers stand in their publication.
        </p>
      )}
    </section>
  );
}

function ReportBody({ report }: { report: Report }) {
  const catalogue = useCatalogue(report.engine, "human");
  const titles = new Map(catalogue.data?.output_types.map(({ output_type, title }) => [output_type, title]));
  const { summary, evaluation } = report;
  return (
    <>
      <section aria-labelledby="verdict-title">
        <h2 id="verdict-title">In short</h2>
        <p className="lead" data-testid="verdict">
          {verdict(summary)}
        </p>
        {summary.missed.length > 0 ? (
          <ul className="missed-list" data-testid="missed">
            {missedByPlace(summary.missed).map(({ place, what }) => (
              <li key={place}>
                {place}
                {what.length > 0 ? <span className="quiet">: {what.join(", ")}</span> : null}
              </li>
            ))}
          </ul>
        ) : null}
        <p className="quiet">
          The truth comes from the simulator of the invented world, which can answer for any sequence; every figure puts
          prediction and truth through the same score. {evaluation.protocol}
        </p>
      </section>
      <section aria-labelledby="strata-title">
        <h2 id="strata-title">Variants nobody had seen</h2>
        <StrataTable rows={report.strata} />
      </section>
      {report.organisms.map((organism) => (
        <section key={organism.organism} aria-labelledby={`organism-${organism.organism}`}>
          <h2 id={`organism-${organism.organism}`}>
            Along {organism.chromosomes.join(" and ")} of the {organism.organism}-like organism
          </h2>
          <ReadoutTable organism={organism} />
          {organism.rows.every(({ target }) => target === null) ? (
            <p className="quiet">Targets are set for the human-like organism only.</p>
          ) : null}
        </section>
      ))}
      <section aria-labelledby="showcase-title">
        <h2 id="showcase-title">Show-case loci</h2>
        <ShowcaseSection showcase={report.showcase} titles={titles} />
      </section>
      <section aria-labelledby="properties-title">
        <h2 id="properties-title">What any such model should do</h2>
        <PropertyTable rows={report.properties} />
      </section>
      <section aria-labelledby="limits-title">
        <h2 id="limits-title">What the demo does not pretend</h2>
        <dl className="limits" data-testid="limits">
          {report.limits.map(({ title, sentence: words }) => (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section aria-labelledby="card-title">
        <h2 id="card-title">How it was made</h2>
        <Card report={report} />
      </section>
    </>
  );
}

function Card({ report: { card, evaluation } }: { report: Report }) {
  const facts: [string, string | undefined][] = [
    ["Trained by", card.command],
    ["Code", card.commit],
    ["Seed", card.seed === undefined ? undefined : `${grouped(card.seed)} of the training stream`],
    ["Size", card.parameters === undefined ? undefined : `${grouped(card.parameters)} parameters`],
    ["Steps", card.steps === undefined ? undefined : grouped(card.steps)],
    ["Time", card.wall_seconds === undefined ? undefined : `${duration(card.wall_seconds)} (${duration(card.cpu_seconds ?? 0)} of processor time)`],
    ["History", card.history],
    ["Measured by", evaluation.command],
    ["Code", evaluation.commit],
    ["Seeds", `${grouped(evaluation.seed)} these figures, ${grouped(evaluation.settings_seed)} choice of settings, ${grouped(evaluation.tests_seed)} tests`],
  ];
  return (
    <dl className="facts" data-testid="card">
      {facts.map(([name, value], index) =>
        value ? (
          <div key={index} className="fact">
            <dt>{name}</dt>
            <dd className={/^(python|[0-9a-f]{40})/.test(value) ? "mono" : undefined}>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

function Licence({ invented }: { invented: boolean }) {
  return (
    <section aria-labelledby="licence-title">
      <h2 id="licence-title">Licence</h2>
      {invented ? (
        <p>
          Apache-2.0, like the code. The weights were trained on the simulator alone; nothing of the official AlphaGenome
          weights or their outputs went into them.
        </p>
      ) : (
        <p>
          The code of this app is Apache-2.0. The official AlphaGenome weights and service have{" "}
          <a href="https://deepmind.google.com/science/alphagenome/model-terms" rel="noreferrer">
            terms of their own
          </a>
          , for non-commercial use; they are not part of this project.
        </p>
      )}
    </section>
  );
}
