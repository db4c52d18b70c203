import { keepPreviousData, QueryClient, useMutation, useQuery } from "@tanstack/react-query";
import {
  forgetHostedKey,
  getCatalogue,
  getChanges,
  getEngine,
  getEngines,
  getExamples,
  getGenes,
  getGenomes,
  getHostedAccount,
  getJobs,
  getReport,
  searchGenome,
  setHostedKey,
} from "./endpoints";
import { ApiError } from "./errors";

/** One hook per question to the API; what the server says seldom changes is kept. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5 * 60_000,
      // A refusal is final; silence is worth another try.
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 3,
      refetchOnWindowFocus: false,
    },
  },
});

const engines = { queryKey: ["engines"], queryFn: getEngines };

export const fetchEngines = () => queryClient.query({ ...engines, staleTime: "static" });

export const useEngines = () => useQuery(engines);
export const useEngine = (name: string) => useQuery({ queryKey: ["engine", name], queryFn: () => getEngine(name) });
export const useReport = (name: string) => useQuery({ queryKey: ["report", name], queryFn: () => getReport(name) });
export const useExamples = () => useQuery({ queryKey: ["examples"], queryFn: getExamples });
export const useGenomes = () => useQuery({ queryKey: ["genomes"], queryFn: getGenomes });

export const useHostedAccount = () => useQuery({ queryKey: ["hosted-account"], queryFn: getHostedAccount, staleTime: 0 });

/** A key makes an engine usable, or takes it away: what is known of engines is asked anew. */
const hostedChanged = () =>
  Promise.all([["hosted-account"], ["engines"], ["engine"], ["catalogue"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));

// The key is not kept with the mutation after it is done.
export const useSetHostedKey = () => useMutation({ mutationFn: setHostedKey, onSuccess: hostedChanged, gcTime: 0 });
export const useForgetHostedKey = () => useMutation({ mutationFn: forgetHostedKey, onSuccess: hostedChanged });

export const useCatalogue = (engine: string, organism: string) =>
  useQuery({ queryKey: ["catalogue", engine, organism], queryFn: () => getCatalogue(engine, organism) });

export const useSearch = (assembly: string | undefined, text: string) =>
  useQuery({
    queryKey: ["search", assembly, text],
    queryFn: ({ signal }) => searchGenome(assembly ?? "", text, 8, signal),
    enabled: assembly !== undefined && text.length > 0,
    placeholderData: keepPreviousData,
  });

export const fetchSearch = (assembly: string, text: string) =>
  queryClient.query({ queryKey: ["search", assembly, text], queryFn: () => searchGenome(assembly, text) });

export const useGenes = (assembly: string | undefined, chromosome: string, start: number, end: number) =>
  useQuery({
    queryKey: ["genes", assembly, chromosome, start, end],
    queryFn: () => getGenes(assembly ?? "", chromosome, start, end),
    enabled: assembly !== undefined && end > start,
    placeholderData: keepPreviousData,
  });

export const fetchGenes = (assembly: string, chromosome: string, start: number, end: number) =>
  queryClient.query({
    queryKey: ["genes", assembly, chromosome, start, end],
    queryFn: () => getGenes(assembly, chromosome, start, end),
    staleTime: "static",
  });

export const useJobs = (page: number) =>
  useQuery({
    queryKey: ["jobs", page],
    queryFn: () => getJobs(page),
    staleTime: 0,
    placeholderData: keepPreviousData,
    // The list has no socket: it asks again while something is under way.
    refetchInterval: ({ state }) =>
      state.data?.results.some((job) => job.state === "queued" || job.state === "running") ? 2_000 : 15_000,
  });

/** How many parts are complete is part of the key: every part that arrives, of either source, may add numbers. */
export const useChanges = (chunk: string | undefined, partsComplete: number, truthComplete: number) =>
  useQuery({
    queryKey: ["changes", chunk, partsComplete, truthComplete],
    queryFn: () => getChanges(chunk ?? ""),
    enabled: chunk !== undefined && partsComplete > 0,
    placeholderData: keepPreviousData,
  });
