import { describe, expect, it } from "vitest";
import type { Engine } from "../../api/types";
import { makeJob } from "../../testing/job";
import { answers, requestOf, requestWithTruth } from "./request";
import { EMPTY_VIEW } from "./viewState";

const engine = { name: "demo", default_window: 16_384, invented: true } as Engine;
const view = { ...EMPTY_VIEW, variants: ["demoS:16385:C>ACG"] };

describe("the question for the truth", () => {
  it("is asked with the prediction where the switch is on", () => {
    expect(requestOf(view, engine)?.truth).toBe(false);
    expect(requestOf({ ...view, truth: true }, engine)?.truth).toBe(true);
  });

  it("is never asked of a real genome, whatever a link says", () => {
    expect(requestOf({ ...view, truth: true }, { ...engine, invented: false })?.truth).toBe(false);
  });

  it("asked later is that of the job, and the job still answers the view", () => {
    const job = makeJob();
    const request = requestWithTruth(job);
    expect(request).toMatchObject({ variants: job.request.variants, window: job.window, truth: true, output_types: ["DNASE", "RNA_SEQ"] });
    expect(request.interval).toBeUndefined();
    expect(answers({ ...job, request: { ...job.request, truth: true } }, request, undefined)).toBe(true);
  });
});
