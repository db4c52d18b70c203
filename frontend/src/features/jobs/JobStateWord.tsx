import type { JobSummary } from "../../api/types";

const WORDS: Record<JobSummary["state"], string> = {
  queued: "waiting",
  running: "running",
  finished: "finished",
  failed: "failed",
  cancelled: "cancelled",
};

export function JobStateWord({ job }: { job: JobSummary }) {
  return (
    <span className={`state state-${job.state}`} data-testid="job-state" data-state={job.state}>
      {WORDS[job.state]}
    </span>
  );
}
