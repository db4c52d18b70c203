import { create } from "zustand";
import { createJob, getEvents, getJob } from "../../api/endpoints";
import { sentence } from "../../api/errors";
import type { Job, JobEvent, JobRequest } from "../../api/types";
import { type Connection, JobStream, type StreamPorts } from "./jobStream";

/** The job that the page follows: at most one at a time, one socket per page. */
interface JobStore {
  id: string | null;
  job: Job | null;
  connection: Connection;
  error: string | null;
  /** Numbers of the events applied one by one (those inside a snapshot are not repeated). */
  applied: number[];
  lastEvent: JobEvent | null;
}

const NOTHING: JobStore = {
  id: null,
  job: null,
  connection: "connecting",
  error: null,
  applied: [],
  lastEvent: null,
};

export const useJob = create<JobStore>()(() => NOTHING);

const ports: StreamPorts = {
  fetchJob: getJob,
  fetchEvents: getEvents,
  openSocket: (id, after, handlers) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/jobs/${id}/?after=${after}`);
    socket.onopen = handlers.onOpen;
    socket.onclose = ({ code }) => handlers.onClose(code);
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") handlers.onFrame(JSON.parse(data));
    };
    return { close: () => socket.close() };
  },
  setTimer: (run, milliseconds) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

let stream: JobStream | null = null;

/** Follows a job from where it is; `known` is its snapshot, where the page has just got it. */
export function follow(id: string, known?: Job): void {
  if (useJob.getState().id === id && !known) return;
  stream?.close();
  useJob.setState({ ...NOTHING, id, job: known ?? null });
  stream = new JobStream(id, ports, {
    onJob: ({ job }, event) =>
      useJob.setState((state) => ({
        job,
        error: null,
        lastEvent: event ?? state.lastEvent,
        applied: event ? [...state.applied, event.seq] : state.applied,
      })),
    onConnection: (connection) => useJob.setState({ connection }),
    onError: (error) => useJob.setState({ error: sentence(error) }),
  });
  stream.start(known);
}

export function unfollow(): void {
  stream?.close();
  stream = null;
  useJob.setState(NOTHING);
}

window.addEventListener("online", () => stream?.nudge());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") stream?.nudge();
});

/** Requests under way, by what they ask: the click and the page that it opens share one. */
const underWay = new Map<string, Promise<Job>>();

/**
 * Asks for a prediction. The same question asked twice by this tab (a reload before the answer came, a double
 * click) is one job: the key is kept in the tab's session storage.
 */
export function ask(request: JobRequest, again = false): Promise<Job> {
  const question = JSON.stringify(request);
  const known = underWay.get(question);
  if (known && !again) return known;
  const promise = createJob({ ...request, idempotency_key: keyFor(question, again) }).finally(() =>
    underWay.delete(question),
  );
  underWay.set(question, promise);
  return promise;
}

function keyFor(question: string, again: boolean): string {
  const name = `allelens.key.${question}`;
  const kept = again ? null : sessionStorage.getItem(name);
  if (kept) return kept;
  const key = randomKey();
  try {
    sessionStorage.setItem(name, key);
  } catch {
    // A full or forbidden storage costs only the protection against a double start.
  }
  return key;
}

function randomKey(): string {
  // randomUUID exists only on secure origins; a colleague may open the page by plain http.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
