import { Button } from "@mantine/core";
import { useState } from "react";
import { cancelJob, retryJob } from "../../api/endpoints";
import { sentence } from "../../api/errors";
import type { Job, OutputType } from "../../api/types";
import { hasEnded } from "./jobState";
import { follow, useJob } from "./jobStore";
import type { Connection } from "./jobStream";
import { progressSentence, progressShare } from "./words";

const CONNECTION_WORDS: Partial<Record<Connection, string>> = {
  polling: "Live updates do not get through; asking every second and a half instead.",
  offline: "No connection. What has arrived stays; trying again.",
};

/** Progress in words and a bar, with what a person can do about it. */
export function JobProgress({ job, types }: { job: Job; types: ReadonlyMap<string, OutputType> }) {
  const connection = useJob((state) => (state.id === job.id ? state.connection : "ended"));
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ended = hasEnded(job.state);
  const share = progressShare(job);

  async function act(action: (id: string) => Promise<Job>): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      follow(job.id, await action(job.id));
    } catch (error) {
      setFailure(sentence(error));
    } finally {
      setBusy(false);
    }
  }

  const trouble = ended ? undefined : CONNECTION_WORDS[connection];
  return (
    <div className={`progress progress-${job.state}`} data-testid="job-progress" data-state={job.state}>
      <div
        className="progress-bar"
        role="progressbar"
        aria-label="Parts that have arrived"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <p className="progress-words" role="status" aria-live="polite">
        {progressSentence(job, types)}
        {trouble ? <span className="progress-trouble"> {trouble}</span> : null}
        {failure ? <span className="progress-trouble"> {failure}</span> : null}
      </p>
      {ended ? null : (
        <Button size="compact-xs" variant="default" onClick={() => void act(cancelJob)} disabled={busy} data-testid="job-cancel">
          Cancel
        </Button>
      )}
      {job.state === "failed" ? (
        <Button size="compact-xs" variant="default" onClick={() => void act(retryJob)} disabled={busy} data-testid="job-retry">
          Try the failed windows again
        </Button>
      ) : null}
    </div>
  );
}
