import { useEffect } from "react";
import { create } from "zustand";
import { useCatalogue, useEngines } from "../../api/queries";
import type { Engine, Job, JobRequest } from "../../api/types";
import { ask, follow, unfollow, useJob } from "../jobs/jobStore";
import { startClock } from "./pageRecord";
import { answers, requestOf, requestWithTruth } from "./request";
import { useRows } from "./rowStore";
import type { ViewState } from "./viewState";
import { useView } from "./viewStore";

export interface BrowserJob {
  job: Job | null;
  engine: Engine | undefined;
  /** What the view asks; null where it asks nothing. */
  request: JobRequest | null;
  /** The settings differ from those of the job on screen. */
  outdated: boolean;
  asking: boolean;
  error: unknown;
  start: () => void;
}

/** The question on its way, or refused. */
const useQuestion = create<{ question: string; asking: boolean; error: unknown }>()(() => ({
  question: "",
  asking: false,
  error: null,
}));

/** Keeps the page and its job together: asks when the view asks for something new, else follows the job in the URL. */
export function useBrowserJob(view: ViewState): BrowserJob {
  const engines = useEngines();
  const catalogue = useCatalogue(view.engine, view.organism);
  const engine = engines.data?.find(({ name }) => name === view.engine);
  const followed = useJob();
  const sent = useQuestion();
  const job = followed.id !== null && followed.id === view.job ? followed.job : null;
  const request = requestOf(view, engine);
  const question = request ? JSON.stringify(request) : "";
  // Settings changed after the first answer wait for the Start button: only where there is no job, it is asked unbidden.
  const unasked = view.job ? "" : question;

  // Its predictions are known already: nothing is lost by asking unbidden, and little is waited for.
  const lacksTruth = view.truth && engine?.invented === true && job?.state === "finished" && !job.request.truth;
  const truthQuestion = lacksTruth ? JSON.stringify(requestWithTruth(job)) : "";
  const lacking = lacksTruth ? job.id : null;
  useEffect(() => {
    if (lacking) void askForTruth(lacking, truthQuestion);
  }, [lacking, truthQuestion]);

  useEffect(() => {
    if (view.job) follow(view.job);
    else if (unasked) void send(unasked, false);
    else unfollow();
  }, [view.job, unasked]);

  return {
    job,
    engine,
    request,
    outdated: job !== null && request !== null && !answers(job, request, catalogue.data),
    asking: sent.asking,
    error: sent.error !== null && (sent.question === question || sent.question === truthQuestion) ? sent.error : view.job && !job ? followed.error : null,
    start: () => {
      if (!question) return;
      startClock();
      void send(question, true);
    },
  };
}

async function send(question: string, again: boolean): Promise<void> {
  const request = JSON.parse(question) as JobRequest;
  useQuestion.setState({ question, asking: true, error: null });
  try {
    const created = await ask(request, again);
    // The reader may have moved on to another question meanwhile.
    if (location.pathname !== "/view" || !isAbout(request, useView.getState().view)) return;
    useRows.getState().clear();
    follow(created.id, created);
    useView.getState().change({ job: created.id, chunk: 0 });
  } catch (error) {
    if (useQuestion.getState().question === question) useQuestion.setState({ error });
  } finally {
    if (useQuestion.getState().question === question) useQuestion.setState({ asking: false });
  }
}

/** Asks once more what a job has answered, with the truth, and goes on with the new job in its place. */
async function askForTruth(job: string, question: string): Promise<void> {
  useQuestion.setState({ question, asking: true, error: null });
  try {
    const created = await ask(JSON.parse(question) as JobRequest);
    const { view, change } = useView.getState();
    if (location.pathname !== "/view" || view.job !== job || !view.truth) return;
    follow(created.id, created);
    change({ job: created.id });
  } catch (error) {
    if (useQuestion.getState().question === question) useQuestion.setState({ error });
  } finally {
    if (useQuestion.getState().question === question) useQuestion.setState({ asking: false });
  }
}

function isAbout({ engine, organism, variants = [], interval }: JobRequest, view: ViewState): boolean {
  return (
    engine === view.engine &&
    organism === view.organism &&
    variants.join() === view.variants.join() &&
    (interval?.start ?? null) === (view.asked?.start ?? null)
  );
}
