import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { sentence } from "../../api/errors";
import { useJobs } from "../../api/queries";
import { ago, grouped, plural } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { JobStateWord } from "./JobStateWord";
import { requestTitle, viewOfJob } from "./words";

export function JobsPage() {
  const [page, setPage] = useState(1);
  const jobs = useJobs(page);
  useEffect(() => {
    document.title = "Jobs · Allelens";
  }, []);

  return (
    <main className="page" data-testid="page-jobs">
      <h1>Jobs</h1>
      {jobs.isError ? <Notice kind="error">{sentence(jobs.error)}</Notice> : null}
      {jobs.isPending ? <p className="quiet">Looking …</p> : null}
      {jobs.data?.count === 0 ? (
        <p className="quiet">
          Nothing has been asked yet. <Link href="/">Start with an example</Link>.
        </p>
      ) : null}
      {jobs.data && jobs.data.results.length > 0 ? (
        <>
          <div className="table-frame">
            <table className="table">
              <caption className="hidden">Jobs, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">Asked</th>
                  <th scope="col">State</th>
                  <th scope="col" className="number">
                    Parts
                  </th>
                  <th scope="col">Model</th>
                  <th scope="col" className="number">
                    Window
                  </th>
                  <th scope="col">When</th>
                  <th scope="col">
                    <span className="hidden">Open</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {jobs.data.results.map((job) => (
                  <tr key={job.id} data-testid="job-row">
                    <td>
                      <Link href={`/jobs/${job.id}`} className="mono cut">
                        {requestTitle(job)}
                      </Link>
                    </td>
                    <td>
                      <JobStateWord job={job} />
                    </td>
                    <td className="number">
                      {grouped(job.counts.parts_complete)} of {grouped(job.counts.parts)}
                    </td>
                    <td>
                      {job.engine} · {job.assembly}
                    </td>
                    <td className="number">{grouped(job.window)} bp</td>
                    <td>{ago(job.created)}</td>
                    <td>
                      <Link href={viewOfJob(job)}>See tracks</Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div className="pager">
            <Button variant="default" size="xs" disabled={!jobs.data.previous} onClick={() => setPage(page - 1)}>
              Newer
            </Button>
            <span className="quiet">{plural(jobs.data.count, "job")}</span>
            <Button variant="default" size="xs" disabled={!jobs.data.next} onClick={() => setPage(page + 1)}>
              Older
            </Button>
          </div>
        </>
      ) : null}
    </main>
  );
}
