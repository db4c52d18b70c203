import { useEffect } from "react";
import { sentence } from "../../api/errors";
import { useEngines, useExamples, useGenomes, useJobs } from "../../api/queries";
import { loadIgv } from "../../genome/igv/facade";
import { ago } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { JobStateWord } from "../jobs/JobStateWord";
import { requestTitle, viewOfJob } from "../jobs/words";
import { modelPage } from "../models/report";
import { SearchBox } from "../search/SearchBox";
import { ExampleCard } from "./ExampleCard";

const SETTING = { engine: "demo", organism: "human" } as const;

export function StartPage() {
  const engines = useEngines();
  const engine = engines.data?.find(({ name }) => name === SETTING.engine) ?? engines.data?.[0];
  const assembly = engine?.organisms.find(({ organism }) => organism === SETTING.organism)?.assembly;
  const genomes = useGenomes();
  const examples = useExamples();
  const genome = genomes.data?.find((candidate) => candidate.assembly === assembly);

  useEffect(() => {
    document.title = "Allelens";
    // The genome view is large; it is fetched while the reader reads, so that the first click finds it here.
    const soon = setTimeout(() => {
      void loadIgv().catch(() => undefined);
      void import("../browser/BrowserPage");
    }, 300);
    return () => clearTimeout(soon);
  }, []);

  return (
    <main className="page start">
      <section className="start-ask" aria-labelledby="start-title">
        <h1 id="start-title">What does this variant change?</h1>
        <SearchBox
          assembly={assembly}
          setting={{ engine: engine?.name ?? SETTING.engine, organism: SETTING.organism }}
          large
          placeholder="A variant, a gene, a region"
        />
        <p className="start-hint">
          For example <code>{examples.data?.[0]?.variants[0] ?? "demoS:16385:C>ACG"}</code>, a gene such as{" "}
          <em>{examples.data?.[0]?.title.split(":")[0] ?? "D-TAL1"}</em>, or <code>demo1:10,000-42,768</code>
        </p>
        <p className="start-who" data-testid="who-answers">
          {engine ? (
            <>
              Answers come from the{" "}
              <Link href={modelPage(engine.name)}>
                <strong>{engine.title}</strong>
              </Link>
              {genome ? (
                <>
                  {" "}
                  on the genome <strong>{genome.assembly}</strong>
                </>
              ) : null}
              .{engine.invented ? " Both are invented: they show how the tool works and say nothing about people." : ""}
            </>
          ) : engines.isError ? null : (
            "Looking who answers …"
          )}
        </p>
        {engines.isError ? <Notice kind="error">{sentence(engines.error)}</Notice> : null}
        {engine && !engine.installed ? (
          <Notice kind="warning">
            {engine.problem || `${engine.title} is not installed.`} {engine.install_command ? <code>{engine.install_command}</code> : null}
          </Notice>
        ) : null}
      </section>
      <Examples />
      <RecentJobs />
    </main>
  );
}

function Examples() {
  const examples = useExamples();
  return (
    <section aria-labelledby="examples-title">
      <h2 id="examples-title">Examples with a known answer</h2>
      {examples.isError ? <Notice kind="error">{sentence(examples.error)}</Notice> : null}
      <ul className="cards" aria-busy={examples.isPending}>
        {examples.data?.map((example) => (
          <li key={example.slug}>
            <ExampleCard example={example} />
          </li>
        ))}
        {examples.isPending ? [1, 2, 3, 4].map((index) => <li key={index} className="card card-waiting" />) : null}
      </ul>
      {examples.data?.length === 0 ? <p className="quiet">This installation has no examples.</p> : null}
    </section>
  );
}

function RecentJobs() {
  const jobs = useJobs(1);
  const recent = jobs.data?.results.slice(0, 5) ?? [];
  return (
    <section aria-labelledby="recent-title">
      <h2 id="recent-title">Recent work</h2>
      {recent.length === 0 ? (
        <p className="quiet">
          {jobs.isPending ? "Looking …" : jobs.isError ? sentence(jobs.error) : "Nothing yet. What you ask for will be kept here."}
        </p>
      ) : (
        <ul className="recent" data-testid="recent-jobs">
          {recent.map((job) => (
            <li key={job.id}>
              <Link href={viewOfJob(job)}>{requestTitle(job)}</Link>
              <JobStateWord job={job} />
              <span className="quiet">{ago(job.created)}</span>
            </li>
          ))}
        </ul>
      )}
      {recent.length > 0 ? <Link href="/jobs">All jobs</Link> : null}
    </section>
  );
}
