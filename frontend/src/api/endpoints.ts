import { getJson, postJson, request } from "./client";
import type {
  Catalogue,
  Changes,
  Engine,
  EventPage,
  Example,
  GenePage,
  Genome,
  Job,
  JobPage,
  JobRequest,
  JunctionPage,
  SearchResult,
  Session,
} from "./types";

/** One function per call of the API that the pages make. */

const query = (values: Record<string, string | number>) =>
  new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();

export const getSession = () => getJson<Session>("/api/session/");
export const getEngines = () => getJson<Engine[]>("/api/engines/");
export const getExamples = () => getJson<Example[]>("/api/examples/");
export const getGenomes = () => getJson<Genome[]>("/api/genomes/");

export const getCatalogue = (engine: string, organism: string) =>
  getJson<Catalogue>(`/api/engines/${encodeURIComponent(engine)}/tracks/?${query({ organism })}`);

export const getGenes = (assembly: string, chromosome: string, start: number, end: number, signal?: AbortSignal) =>
  getJson<GenePage>(`/api/genomes/${encodeURIComponent(assembly)}/genes/?${query({ chromosome, start, end })}`, signal);

export const searchGenome = async (assembly: string, q: string, limit = 8, signal?: AbortSignal) => {
  const path = `/api/genomes/${encodeURIComponent(assembly)}/search/?${query({ q, limit })}`;
  return (await getJson<{ results: SearchResult[] }>(path, signal)).results;
};

export const createJob = (body: JobRequest) => postJson<Job>("/api/jobs/", body);
export const getJobs = (page: number) => getJson<JobPage>(`/api/jobs/?${query({ page })}`);
export const getJob = (id: string) => getJson<Job>(`/api/jobs/${id}/`);
export const cancelJob = (id: string) => postJson<Job>(`/api/jobs/${id}/cancel/`);
export const retryJob = (id: string) => postJson<Job>(`/api/jobs/${id}/retry/`);
export const getEvents = (id: string, after: number) =>
  getJson<EventPage>(`/api/jobs/${id}/events/?${query({ after })}`);

export const getChanges = (chunk: string) => getJson<Changes>(`/api/chunks/${chunk}/changes/`);

export const getJunctions = (chunk: string, tracks: string[], start: number, end: number) =>
  getJson<JunctionPage>(`/api/chunks/${chunk}/junctions/?${query({ tracks: tracks.join(","), start, end })}`);

/** Numbers, not JSON: the layout header says how to read the body. */
export interface Binary {
  layout: string | null;
  body: ArrayBuffer;
}

async function getBinary(path: string, signal?: AbortSignal): Promise<Binary> {
  const response = await request(path, {
    headers: { Accept: "application/octet-stream" },
    ...(signal ? { signal } : {}),
  });
  return { layout: response.headers.get("X-Allelens-Layout"), body: await response.arrayBuffer() };
}

export const getSignal = (chunk: string, parameters: string, signal: AbortSignal) =>
  getBinary(`/api/chunks/${chunk}/signal/?${parameters}`, signal);

export const getContactMap = (chunk: string, track: string) =>
  getBinary(`/api/chunks/${chunk}/contact-map/?${query({ track })}`);
