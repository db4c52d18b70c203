import { api, body } from "./client";
import type { JobRequest, NewHostedKey, Source } from "./types";

/** One function per call of the API that the pages make. */

export const getEngines = async () => body(await api.GET("/api/engines/"));
export const getEngine = async (name: string) =>
  body(await api.GET("/api/engines/{name}/", { params: { path: { name } } }));
export const getReport = async (name: string) =>
  body(await api.GET("/api/engines/{name}/report/", { params: { path: { name } } }));
export const getExamples = async () => body(await api.GET("/api/examples/"));
export const getGenomes = async () => body(await api.GET("/api/genomes/"));

export const getCatalogue = async (name: string, organism: string) =>
  body(await api.GET("/api/engines/{name}/tracks/", { params: { path: { name }, query: { organism } } }));

export const getGenes = async (assembly: string, chromosome: string, start: number, end: number) =>
  body(
    await api.GET("/api/genomes/{assembly}/genes/", { params: { path: { assembly }, query: { chromosome, start, end } } }),
  );

export const searchGenome = async (assembly: string, q: string, limit = 8, signal?: AbortSignal) =>
  body(
    await api.GET("/api/genomes/{assembly}/search/", {
      params: { path: { assembly }, query: { q, limit } },
      ...(signal ? { signal } : {}),
    }),
  ).results;

export const getHostedAccount = async () => body(await api.GET("/api/hosted-account/"));
export const setHostedKey = async (given: NewHostedKey) => body(await api.PUT("/api/hosted-account/", { body: given }));
export const forgetHostedKey = async () => {
  await api.DELETE("/api/hosted-account/");
};

export const createJob = async (request: JobRequest) => body(await api.POST("/api/jobs/", { body: request }));
export const getJobs = async (page: number) => body(await api.GET("/api/jobs/", { params: { query: { page } } }));

const ofJob = (job_id: string) => ({ params: { path: { job_id } } });
export const getJob = async (id: string) => body(await api.GET("/api/jobs/{job_id}/", ofJob(id)));
export const cancelJob = async (id: string) => body(await api.POST("/api/jobs/{job_id}/cancel/", ofJob(id)));
export const retryJob = async (id: string) => body(await api.POST("/api/jobs/{job_id}/retry/", ofJob(id)));
export const getEvents = async (id: string, after: number) =>
  body(await api.GET("/api/jobs/{job_id}/events/", { params: { path: { job_id: id }, query: { after } } }));

export const getChanges = async (chunk: string) =>
  body(await api.GET("/api/chunks/{chunk_id}/changes/", { params: { path: { chunk_id: chunk } } }));

export const getJunctions = async (chunk: string, tracks: string[], start: number, end: number, source: Source) =>
  body(
    await api.GET("/api/chunks/{chunk_id}/junctions/", {
      params: { path: { chunk_id: chunk }, query: { tracks: tracks.join(","), start, end, source } },
    }),
  );

/** Numbers, not JSON: the layout header says how to read the body. */
export interface Binary {
  layout: string | null;
  body: ArrayBuffer;
}

/** Which values of which tracks on which stretch, in at most so many bins. */
export interface SignalRequest {
  tracks: string[];
  planes: readonly string[];
  start: number;
  end: number;
  maxBins: number;
  source: Source;
}

function binary({ data, response }: { data?: unknown; response: Response }): Binary {
  if (!(data instanceof ArrayBuffer)) throw new Error("The server's answer was empty.");
  return { layout: response.headers.get("X-Allelens-Layout"), body: data };
}

export const getSignal = async (chunk: string, { tracks, planes, start, end, maxBins, source }: SignalRequest, signal: AbortSignal) =>
  binary(
    await api.GET("/api/chunks/{chunk_id}/signal/", {
      params: {
        path: { chunk_id: chunk },
        query: { tracks: tracks.join(","), planes: planes.join(","), start, end, max_bins: maxBins, summary: "auto", source },
      },
      parseAs: "arrayBuffer",
      signal,
    }),
  );

export const getContactMap = async (chunk: string, track: string, source: Source) =>
  binary(
    await api.GET("/api/chunks/{chunk_id}/contact-map/", {
      params: { path: { chunk_id: chunk }, query: { track, source } },
      parseAs: "arrayBuffer",
    }),
  );
