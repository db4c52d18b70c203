import type { Engine, Job, JobRequest } from "../../api/types";
import { byModality } from "../../genome/tracks/names";
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
    output_types: [...(view.outputs ?? engine.output_types)].sort(byModality),
    ontology_curies: view.cells,
  };
}

/** Does the job answer what the view asks now? Settings may have been changed since. */
export function answers(job: Job, request: JobRequest): boolean {
  const asked = job.request;
  const same = (a: string[] | null | undefined, b: string[] | null | undefined) =>
    [...(a ?? [])].sort().join() === [...(b ?? [])].sort().join();
  return (
    job.engine === request.engine &&
    job.organism === request.organism &&
    job.window === request.window &&
    same(asked.output_types, request.output_types) &&
    same(asked.ontology_curies, request.ontology_curies)
  );
}
