import type { Engine, Genome, Job } from "../../api/types";
import { grouped } from "../../ui/numbers";
import { Link } from "../../ui/router";
import { modelPage } from "../models/report";

/** Where the numbers come from; always on the page. */
export function Provenance({ engine, genome, job, truth }: { engine: Engine | undefined; genome: Genome | undefined; job: Job | null; truth: boolean }) {
  const digest = job?.weights_digest ?? engine?.weights_digest;
  const facts = [
    genome?.assembly,
    job ? `window ${grouped(job.window)} bp` : null,
    job ? new Date(job.created).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }) : null,
    truth ? "truth by the simulator, in outlines on a tinted ground" : null,
  ].filter(Boolean);
  const invented = engine?.invented ?? genome?.invented;
  return (
    <footer className="provenance" data-testid="provenance">
      <span>
        {engine ? (
          <>
            <Link href={modelPage(engine.name)} data-testid="model-link">
              {engine.title}
            </Link>
            {digest ? ` ${digest.slice(0, 8)}` : null}
            {facts.length > 0 ? " · " : null}
          </>
        ) : null}
        {facts.join(" · ")}
      </span>
      {invented ? <strong>invented genome, says nothing about people</strong> : null}
      {job ? (
        <Link href={`/jobs/${job.id}`} data-testid="job-link">
          this job
        </Link>
      ) : null}
    </footer>
  );
}
