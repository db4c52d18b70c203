import type { Catalogue, Engine, Job, JobRequest } from "../../api/types";
import type { ViewState } from "./viewState";

/** The question that a view asks of the model; null where it asks nothing (a region that is only looked at). */
export function requestOf(view: ViewState, engine: Engine | undefined): JobRequest | null {
  if (view.variants.length === 0 && !view.asked) return null;
  if (!engine) return null;
  return {
    engine: view.engine,
    organism: view.organism,
    variants: view.variants,
    combine: view.combine,
    window: view.window ?? engine.default_window,
    ...(view.asked ? { interval: { ...view.asked, strand: "." } } : {}),
    output_types: view.outputs,
    ontology_curies: view.cells,
    truth: view.truth && engine.invented,
  };
}

/** The question of a job once more, with the truth: its predicted parts are known already. */
export function requestWithTruth({ request, ...job }: Job): JobRequest {
  const { variants, combine, interval, output_types, ontology_curies } = request;
  return {
    engine: job.engine,
    organism: job.organism,
    variants,
    combine,
    window: job.window,
    ...(interval ? { interval } : {}),
    output_types,
    ontology_curies,
    truth: true,
  };
}

/** Does the job answer what the view asks now? Settings may have been changed since. */
export function answers(job: Job, request: JobRequest, catalogue: Catalogue | undefined): boolean {
  const asked = job.request;
  const cells = request.ontology_curies ?? null;
  const outputs = request.output_types ?? (catalogue ? outputsOf(catalogue, cells) : asked.output_types);
  return (
    job.engine === request.engine &&
    job.organism === request.organism &&
    job.window === request.window &&
    same(asked.output_types, outputs) &&
    same(asked.ontology_curies ?? allCells(catalogue), cells ?? allCells(catalogue))
  );
}

/** All that these cell types have: what the API understands by "no output types named". */
function outputsOf(catalogue: Catalogue, cells: string[] | null): string[] {
  const tracks = catalogue.tracks.filter(
    ({ ontology_curie }) => !cells || ontology_curie === "" || cells.includes(ontology_curie),
  );
  return [...new Set(tracks.map(({ output_type }) => output_type))];
}

function allCells(catalogue: Catalogue | undefined): string[] {
  return catalogue?.biosamples.map(({ ontology_curie }) => ontology_curie) ?? [];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}
