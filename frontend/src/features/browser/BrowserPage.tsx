import { Button, Drawer } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { sentence } from "../../api/errors";
import { useCatalogue, useExamples, useGenomes } from "../../api/queries";
import type { ChangeRow, Genome } from "../../api/types";
import type { GenomeView } from "../../genome/igv/genomeView";
import { around, centre, clampTo, type Interval } from "../../genome/interval";
import { typesByName } from "../../genome/tracks/names";
import { defaultTracks, MOST_ROWS } from "../../genome/tracks/selection";
import { parseVariant } from "../../genome/variant";
import { Icon } from "../../ui/icons";
import { basePairs } from "../../ui/numbers";
import { Notice } from "../../ui/Notice";
import { JobProgress } from "../jobs/JobProgress";
import { Announcer } from "./Announcer";
import { AskControls } from "./AskControls";
import { AskProblem } from "./AskProblem";
import { ChangesPanel } from "./ChangesPanel";
import { GenomePane } from "./GenomePane";
import { Provenance } from "./Provenance";
import { planRows } from "./rowPlan";
import { Toolbar } from "./Toolbar";
import { TrackChooser } from "./TrackChooser";
import { useBrowserJob } from "./useBrowserJob";
import { VariantStrip } from "./VariantStrip";
import type { ViewState } from "./viewState";
import { useView } from "./viewStore";
import { windowNote } from "./windowMemory";

const DEFAULT_WIDTH = 16_384;

export function BrowserPage() {
  const { view, change } = useView();
  const genomes = useGenomes();
  const catalogue = useCatalogue(view.engine, view.organism);
  const answer = useBrowserJob(view);
  const assembly = answer.engine?.organisms.find(({ organism }) => organism === view.organism)?.assembly;
  const genome = genomes.data?.find((candidate) => candidate.assembly === assembly) ?? genomes.data?.find(({ organism }) => organism === view.organism);
  const trouble = genomes.error ?? catalogue.error;

  useEffect(() => {
    document.title = `${view.variants[0] ?? view.interval?.chromosome ?? "View"} · Allelens`;
  }, [view.variants, view.interval?.chromosome]);

  if (!genome) {
    return (
      <main className="page narrow">
        {trouble ? <Notice kind="error">{sentence(trouble)}</Notice> : <p className="quiet">Fetching the genome …</p>}
      </main>
    );
  }
  return <Browser view={view} change={change} genome={genome} catalogue={catalogue.data} answer={answer} trouble={trouble} />;
}

interface BrowserProps {
  view: ViewState;
  change: (part: Partial<ViewState>) => void;
  genome: Genome;
  catalogue: ReturnType<typeof useCatalogue>["data"];
  answer: ReturnType<typeof useBrowserJob>;
  trouble: Error | null;
}

function Browser({ view, change, genome, catalogue, answer, trouble }: BrowserProps) {
  const { job, engine } = answer;
  const chunk = job?.chunks[view.chunk] ?? job?.chunks[0];
  const types = useMemo(() => typesByName(catalogue), [catalogue]);
  const pane = useRef<GenomeView | null>(null);
  const [chooserOpen, chooser] = useDisclosure(false);
  const narrow = useMediaQuery("(max-width: 900px)", window.innerWidth <= 900, { getInitialValueInEffect: false });
  const [folded, setFolded] = useState<{ left: boolean; right: boolean }>({ left: false, right: false });

  const labelRoom = narrow ? 16 : 0;
  const interval = useMemo(() => intervalOf(view, genome, chunk?.interval), [view, genome, chunk]);
  const example = useExamples().data?.find(({ slug }) => slug === view.example);
  const selected = useMemo(() => {
    if (view.tracks) return view.tracks;
    if (!catalogue) return [];
    return defaultTracks(catalogue, { outputs: view.outputs, cells: view.cells ?? example?.ontology_curies ?? null });
  }, [view.tracks, view.outputs, view.cells, catalogue, example]);
  const hasAlternate = (chunk?.variants.length ?? view.variants.length) > 0;
  const noTruth = genome.invented && engine?.invented !== false ? null : `Nobody knows what is true of ${genome.assembly}: only the invented genome has a simulator.`;
  const truth = view.truth && noTruth === null;
  const rows = useMemo(
    () => (catalogue ? planRows(selected.slice(0, MOST_ROWS), catalogue, types, job, chunk, view.shown, hasAlternate, truth, labelRoom) : []),
    [selected, catalogue, types, job, chunk, view.shown, hasAlternate, truth, labelRoom],
  );

  const go = useCallback(
    (next: Interval) => {
      const length = genome.chromosomes.find(({ name }) => name === next.chromosome)?.length;
      if (length === undefined) return;
      const target = clampTo(next, length);
      change({ interval: target });
      pane.current?.goTo(target);
    },
    [genome, change],
  );

  // Going back in the history, or a search for a place, moves an open view.
  const onScreen = useRef<Interval>(interval);
  useEffect(() => {
    const now = onScreen.current;
    if (now.chromosome === interval.chromosome && now.start === interval.start && now.end === interval.end) return;
    onScreen.current = interval;
    pane.current?.goTo(interval);
  }, [interval]);
  const onMove = useCallback(
    (next: Interval) => {
      onScreen.current = next;
      change({ interval: next });
    },
    [change],
  );

  function showChange(row: ChangeRow): void {
    if (!selected.includes(row.track)) change({ tracks: [row.track, ...selected] });
    const wide = Math.max((row.interval.end - row.interval.start) * 4, 2_000);
    go(around(row.interval.chromosome, centre(row.interval), wide));
    requestAnimationFrame(() =>
      document.querySelector(`[data-track="${CSS.escape(row.track)}"].row-name`)?.scrollIntoView({ block: "nearest", behavior: "smooth" }),
    );
  }

  const variant = chunk?.variants[0] ?? parseVariant(view.variants[0] ?? "");
  const window_ = chunk?.interval;
  const tooWide = window_?.chromosome === interval.chromosome && interval.end - interval.start > 4 * (window_.end - window_.start);
  const elsewhere = window_ && (interval.chromosome !== window_.chromosome || interval.end <= window_.start || interval.start >= window_.end);
  const lookingOnly = !answer.request;
  const memory = engine ? windowNote(engine, view.window) : "";

  function predictHere(): void {
    const size = view.window ?? engine?.default_window ?? DEFAULT_WIDTH;
    const length = genome.chromosomes.find(({ name }) => name === interval.chromosome)?.length ?? size;
    change({ asked: clampTo(around(interval.chromosome, centre(interval), size), length), variants: [], job: null, example: null });
  }

  const choose = catalogue ? <TrackChooser catalogue={catalogue} selected={selected} cells={view.cells ?? example?.ontology_curies ?? null} onSelect={(tracks) => change({ tracks })} /> : null;
  const changes = <ChangesPanel truth={truth} job={job} chunk={chunk} catalogue={catalogue} example={example} atFirst={narrow ? 5 : 12} onShow={showChange} />;

  return (
    <main className="browser" data-testid="page-view">
      <VariantStrip view={view} genome={genome} interval={interval} job={job} chunk={chunk} noTruth={noTruth} onShown={(shown) => change({ shown })} onTruth={(shown) => change({ truth: shown })} onChunk={(index) => change({ chunk: index })} />
      <div className={`columns ${folded.left ? "fold-left" : ""} ${folded.right ? "fold-right" : ""}`}>
        {narrow ? null : (
          <div className="column-left">
            <button type="button" className="fold" aria-expanded={!folded.left} onClick={() => setFolded({ ...folded, left: !folded.left })} aria-label={folded.left ? "Show the list of tracks" : "Fold the list of tracks"} title={folded.left ? "Show tracks" : "Fold"}>
              <Icon name={folded.left ? "right" : "left"} size={12} />
            </button>
            {folded.left ? null : choose}
          </div>
        )}
        {narrow ? <div className="column-answer">{changes}</div> : null}
        <section className="column-tracks" aria-label="Tracks">
          <div className="tracks-head">
            <Toolbar
              interval={interval}
              genome={genome}
              onGo={go}
              onZoom={(factor) => pane.current?.zoom(factor, variant && within(variant.position - 1, interval) ? variant.position - 1 : undefined)}
              onPan={(share) => pane.current?.pan(share)}
              onWindow={window_ ? () => go(window_) : null}
              onVariant={variant ? () => go(around(variant.chromosome, variant.position - 1, 1_000)) : null}
            />
            {engine ? (
              <AskControls
                view={view}
                engine={engine}
                catalogue={catalogue}
                pending={answer.outdated || !job}
                asking={answer.asking}
                startWord={lookingOnly ? "Predict here" : !job ? "Start" : answer.outdated ? "Predict with these" : "Start again"}
                onChange={change}
                onStart={lookingOnly ? predictHere : answer.start}
              />
            ) : null}
            {narrow ? (
              <Button size="xs" variant="default" leftSection={<Icon name="rows" size={14} />} onClick={chooser.open} data-testid="open-chooser">
                Tracks
              </Button>
            ) : null}
          </div>
          <div className="tracks-progress">
            {job ? <JobProgress job={job} types={types} /> : null}
            {!job && answer.asking ? <p className="progress-words quiet">Asking the model …</p> : null}
            {!job && !answer.asking && lookingOnly ? (
              <p className="progress-words quiet">
                Genes and sequence only. “Predict here” asks the model about {basePairs(view.window ?? engine?.default_window ?? DEFAULT_WIDTH)} around the centre; a variant in the search box compares its two alleles.
              </p>
            ) : null}
          </div>
          {answer.error ? <AskProblem error={answer.error} view={view} assembly={genome.assembly} onAgain={answer.start} /> : null}
          {trouble ? <Notice kind="error">{sentence(trouble)}</Notice> : null}
          {memory ? <Notice kind="warning">{memory}</Notice> : null}
          {job?.chunks.length === 1 ? job.request.warnings.map((text) => <Notice key={text} kind="warning">{text}</Notice>) : null}
          {elsewhere ? (
            <Notice kind="remark" actions={<Button size="compact-xs" variant="default" onClick={() => go(window_)}>Back to the prediction</Button>}>
              The prediction on hand does not reach here.
            </Notice>
          ) : tooWide ? (
            <Notice kind="remark" actions={<Button size="compact-xs" variant="default" onClick={() => go(window_)}>Show the predicted window</Button>}>
              The view is much wider than the predicted {basePairs(window_.end - window_.start)}; tracks are drawn only inside it.
            </Notice>
          ) : null}
          <GenomePane
            genome={genome}
            interval={interval}
            rows={rows}
            chunk={chunk}
            shown={view.shown}
            contacts={view.contacts}
            labelRoom={labelRoom}
            onMove={onMove}
            onHide={(id) => change({ tracks: selected.filter((other) => other !== id) })}
            onContacts={(contacts) => change({ contacts })}
            onOpen={(opened) => {
              pane.current = opened;
            }}
          />
          {selected.length === 0 && catalogue ? <Notice kind="remark">No track is chosen. Pick some in the list of tracks, or a ready selection at its top.</Notice> : null}
          {selected.length > MOST_ROWS ? (
            <Notice kind="remark" actions={<Button size="compact-xs" variant="default" onClick={() => change({ tracks: [...selected.slice(MOST_ROWS), ...selected.slice(0, MOST_ROWS)] })} data-testid="more-rows">Show the next {Math.min(MOST_ROWS, selected.length - MOST_ROWS)}</Button>}>
              {MOST_ROWS} of {selected.length} chosen tracks shown, so that moving stays smooth.
            </Notice>
          ) : null}
        </section>
        {narrow ? null : (
          <div className="column-right">
            <button type="button" className="fold" aria-expanded={!folded.right} onClick={() => setFolded({ ...folded, right: !folded.right })} aria-label={folded.right ? "Show what changes" : "Fold what changes"} title={folded.right ? "Show what changes" : "Fold"}>
              <Icon name={folded.right ? "left" : "right"} size={12} />
            </button>
            {folded.right ? null : changes}
          </div>
        )}
      </div>
      {narrow ? (
        <Drawer opened={chooserOpen} onClose={chooser.close} position="bottom" size="85%" title="Choose tracks">
          {choose}
        </Drawer>
      ) : null}
      <Provenance engine={engine} genome={genome} job={job} truth={truth} />
      <Announcer job={job} types={types} />
    </main>
  );
}

function within(position: number, { start, end }: Interval): boolean {
  return start <= position && position < end;
}

/** What to show where the address does not say: the variant with its surroundings, the job's window, a first place. */
function intervalOf(view: ViewState, genome: Genome, window: Interval | undefined): Interval {
  const wanted = view.interval ?? view.asked ?? fromVariant(view) ?? window;
  const chromosome = genome.chromosomes.find(({ name }) => name === wanted?.chromosome) ?? genome.chromosomes[0];
  if (!chromosome) return { chromosome: "", start: 0, end: DEFAULT_WIDTH };
  const { name, length } = chromosome;
  if (wanted?.chromosome !== name) return clampTo({ chromosome: name, start: 0, end: 2 * DEFAULT_WIDTH }, length);
  return clampTo(wanted, length);
}

function fromVariant(view: ViewState): Interval | null {
  const variant = parseVariant(view.variants[0] ?? "");
  return variant && around(variant.chromosome, variant.position - 1, view.window ?? DEFAULT_WIDTH);
}
