import { fetchEngines } from "../../api/queries";
import type { Example, SearchResult } from "../../api/types";
import type { Interval } from "../../genome/interval";
import { ask } from "../jobs/jobStore";
import { startClock } from "./pageRecord";
import { requestOf } from "./request";
import { EMPTY_VIEW, type ViewState } from "./viewState";
import { openView, useView } from "./viewStore";

/** Who answers: the engine and the organism in use. */
export interface Setting {
  engine: string;
  organism: string;
}

/** Opens the page and asks at once; the page finds the same request under way. */
function open(view: ViewState): void {
  startClock();
  openView(view);
  void fetchEngines().then((engines) => {
    const request = requestOf(
      view,
      engines.find(({ name }) => name === view.engine),
    );
    // The page shows what goes wrong: it awaits the same promise.
    if (request && !view.job) ask(request).catch(() => undefined);
  });
}

export function openExample(example: Example, variants = example.variants): void {
  const { chromosome, start, end } = example.interval;
  open({
    ...EMPTY_VIEW,
    engine: example.engine,
    organism: example.organism,
    variants,
    combine: variants.length > 1,
    interval: { chromosome, start, end },
    window: example.window,
    example: example.slug,
  });
}

export function openVariants(variants: string[], setting: Setting): void {
  open({ ...EMPTY_VIEW, ...setting, variants, combine: variants.length > 1 });
}

/** Looks at a place. A prediction on screen stays, where the place lies on the same genome. */
export function openInterval(interval: Interval, setting: Setting): void {
  const { view } = useView.getState();
  const same = view.engine === setting.engine && view.organism === setting.organism;
  if (location.pathname === "/view" && same) openView({ ...view, interval });
  else open({ ...EMPTY_VIEW, ...setting, interval });
}

export function openResult(result: SearchResult, setting: Setting): void {
  if (result.variant) openVariants([result.variant.text], setting);
  else if (result.interval) {
    const { chromosome, start, end } = result.interval;
    // A gene is shown with its surroundings, an interval exactly as typed.
    const margin = result.kind === "gene" ? Math.max(1_000, Math.round((end - start) * 0.6)) : 0;
    openInterval({ chromosome, start: Math.max(0, start - margin), end: end + margin }, setting);
  }
}
