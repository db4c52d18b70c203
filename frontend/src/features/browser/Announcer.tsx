import type { Job, JobEvent, OutputType } from "../../api/types";
import { useJob } from "../jobs/jobStore";
import { progressSentence } from "../jobs/words";

/** Says aloud, for those who do not see the bar, when a part has arrived or the job has ended. */
export function Announcer({ job, types }: { job: Job | null; types: ReadonlyMap<string, OutputType> }) {
  const event = useJob((state) => state.lastEvent);
  return (
    <div className="hidden" role="log" aria-live="polite" data-testid="announcer">
      {job && event ? wordsOf(event, job, types) : ""}
    </div>
  );
}

function wordsOf(event: JobEvent, job: Job, types: ReadonlyMap<string, OutputType>): string {
  const { level, output_type: name } = event.payload;
  if (event.type === "part.published" && level === "complete") {
    return `${types.get(typeof name === "string" ? name : "")?.title ?? "A part"} has arrived.`;
  }
  const ended = event.type === "job.finished" || event.type === "job.failed" || event.type === "job.cancelled";
  return ended ? progressSentence(job, types) : "";
}
