import { useEffect } from "react";
import { useCatalogue } from "../../api/queries";
import type { Chunk, Job, OutputType } from "../../api/types";
import { formatInterval } from "../../genome/interval";
import { typesByName } from "../../genome/tracks/names";
import { ago, grouped, seconds } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { modelPage } from "../models/report";
import { JobProgress } from "./JobProgress";
import { JobStateWord } from "./JobStateWord";
import { follow, useJob } from "./jobStore";
import { elapsed, requestTitle, viewOfJob } from "./words";

const PART_WORDS = { pending: "waiting", overview: "overview here", complete: "here" } as const;

export function JobPage({ id }: { id: string }) {
  useEffect(() => follow(id), [id]);
  const { job, error } = useJob();
  const shown = job?.id === id ? job : null;
  useEffect(() => {
    document.title = shown ? `${requestTitle(shown)} · job · Allelens` : "Job · Allelens";
  }, [shown]);

  return (
    <main className="page narrow" data-testid="page-job">
      <p className="crumb">
        <Link href="/jobs">Jobs</Link>
      </p>
      {shown ? <JobBody job={shown} /> : null}
      {!shown && error ? <Notice kind="error">{error}</Notice> : null}
      {!shown && !error ? <p className="quiet">Looking for the job …</p> : null}
    </main>
  );
}

function JobBody({ job }: { job: Job }) {
  const catalogue = useCatalogue(job.engine, job.organism);
  const types = typesByName(catalogue.data);
  const biosamples = new Map(catalogue.data?.biosamples.map(({ ontology_curie, name }) => [ontology_curie, name]));
  const { request } = job;
  const took = elapsed(job);
  return (
    <>
      <h1 className="job-title">
        <span className="mono">{requestTitle(job)}</span> <JobStateWord job={job} />
      </h1>
      <JobProgress job={job} types={types} />
      <p>
        <Link href={viewOfJob(job)} className="go">
          See the tracks
        </Link>
      </p>
      <h2>What was asked</h2>
      {request.warnings.map((text) => (
        <Notice key={text} kind="warning">
          {text}
        </Notice>
      ))}
      <dl className="facts">
        <dt>Variants</dt>
        <dd className="mono">{request.variants.length > 0 ? request.variants.join(", ") : "none: REF only"}</dd>
        {request.variants.length > 1 ? (
          <>
            <dt>Haplotype</dt>
            <dd>{request.combine ? "all on one ALT haplotype" : "each alone"}</dd>
          </>
        ) : null}
        <dt>Model</dt>
        <dd>
          <Link href={modelPage(job.engine)}>{job.engine}</Link>
          {job.weights_digest ? <span className="mono"> {job.weights_digest.slice(0, 12)}</span> : null} on {job.assembly},
          window {grouped(job.window)} bp
        </dd>
        <dt>Outputs</dt>
        <dd>{request.output_types.map((name) => types.get(name)?.title ?? name).join(", ") || "all"}</dd>
        <dt>Cell types</dt>
        <dd>{request.ontology_curies?.map((curie) => biosamples.get(curie) ?? curie).join(", ") ?? "all"}</dd>
        <dt>Asked</dt>
        <dd>
          {ago(job.created)}
          {took === null ? "" : `, took ${seconds(took)}`}
        </dd>
      </dl>
      <h2>Windows</h2>
      {job.chunks.map((chunk) => (
        <ChunkBody key={chunk.id} chunk={chunk} types={types} />
      ))}
    </>
  );
}

function ChunkBody({ chunk, types }: { chunk: Chunk; types: ReadonlyMap<string, OutputType> }) {
  return (
    <section className="chunk">
      <h3>
        <span className="mono">{formatInterval(chunk.interval, true)}</span>
        {chunk.attempt > 1 ? <span className="quiet"> attempt {chunk.attempt}</span> : null}
      </h3>
      {chunk.error ? <Notice kind="error">{chunk.error.message}</Notice> : null}
      <ul className="parts">
        {chunk.parts.map((part) => (
          <li key={`${part.source} ${part.output_type}`} className={`part part-${part.state}`}>
            {types.get(part.output_type)?.title ?? part.output_type}
            {part.source === "truth" ? " (truth)" : ""}
            <span className="quiet">{PART_WORDS[part.state]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
