import { Button } from "@mantine/core";
import { ApiError, sentence } from "../../api/errors";
import { useSearch } from "../../api/queries";
import { Icon } from "../../ui/icons";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { openVariants } from "./openings";
import type { ViewState } from "./viewState";

/** The model was not asked, or the job is not there: why, and the way out. */
export function AskProblem({ error, view, assembly, onAgain }: { error: unknown; view: ViewState; assembly: string; onAgain: () => void }) {
  const refused = error instanceof ApiError && error.status < 500;
  const search = useSearch(refused && view.variants.length === 1 ? assembly : undefined, view.variants[0] ?? "");
  const swap = swapIn(error) ?? search.data?.find(({ problem }) => problem?.swap)?.problem?.swap;
  return (
    <Notice
      kind="error"
      actions={
        <>
          {swap ? (
            <Button
              size="xs"
              leftSection={<Icon name="swap" size={14} />}
              onClick={() => openVariants([swap], { engine: view.engine, organism: view.organism })}
              data-testid="offer-swap"
            >
              Swap REF and ALT: {swap}
            </Button>
          ) : null}
          {refused ? null : (
            <Button size="xs" variant="default" onClick={onAgain} data-testid="ask-again">
              Try again
            </Button>
          )}
          <Link href="/">Ask something else</Link>
        </>
      }
    >
      {sentence(error)}
    </Notice>
  );
}

function swapIn(error: unknown): string | null {
  if (!(error instanceof ApiError) || typeof error.details !== "object" || error.details === null) return null;
  return "swap" in error.details && typeof error.details.swap === "string" ? error.details.swap : null;
}
