import { useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { sentence } from "../../api/errors";
import type { Chunk, Genome, Part } from "../../api/types";
import { GENE_HEIGHT } from "../../genome/igv/geneRow";
import { type Frame, GenomeView, RULER_ROW, type RowSpec, SEQUENCE_HEIGHT, SEQUENCE_LIMIT, SEQUENCE_ROW } from "../../genome/igv/genomeView";
import { RULER_HEIGHT } from "../../genome/igv/rulerRow";
import type { SignalRowData } from "../../genome/igv/signalRow";
import type { Interval } from "../../genome/interval";
import { predictedIn } from "../../genome/igv/withTruth";
import { fineEnough } from "../../genome/signals/source";
import { Notice } from "../../ui/Notice";
import { Marks } from "./Marks";
import { noteDrawn, recorder } from "./pageRecord";
import { RowNames } from "./RowNames";
import { RowKinds } from "./rowKinds";
import { GENES_ROW, type PlannedRow } from "./rowPlan";
import { Tooltip } from "./Tooltip";
import type { ContactMode, Shown } from "./viewState";

export interface GenomePaneProps {
  genome: Genome;
  interval: Interval;
  rows: PlannedRow[];
  chunk: Chunk | undefined;
  shown: Shown;
  contacts: ContactMode;
  /** Height left free above each signal for its name, where names lie over the rows. */
  labelRoom: number;
  onMove: (interval: Interval) => void;
  onHide: (id: string) => void;
  onContacts: (mode: ContactMode) => void;
  /** Gives the page the handle to move the view; null when it is closed. */
  onOpen: (view: GenomeView | null) => void;
}

/** Rows with a name each: the frame of igv, and everything that is drawn over it. */
export function GenomePane({ genome, interval, rows, chunk, shown, contacts, labelRoom, onMove, onHide, onContacts, onOpen }: GenomePaneProps) {
  const host = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<GenomeView | null>(null);
  const [frame, setFrame] = useState<Frame | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const dark = useComputedColorScheme("light") === "dark";
  const truthHeights = useMemo(() => new Map(rows.map(({ id, truthHeight }) => [id, truthHeight])), [rows]);
  const context = { chunk, genome, shown, contacts, dark, labelRoom, truthHeights };
  const [kinds] = useState(() => new RowKinds(context));
  const latest = useRef({ interval, onMove, onOpen });
  // Before the effects below: rows that are read again must see the state of this render.
  useLayoutEffect(() => {
    kinds.update({ chunk, genome, shown, contacts, dark, labelRoom, truthHeights });
    latest.current = { interval, onMove, onOpen };
  }, [kinds, chunk, genome, shown, contacts, dark, labelRoom, truthHeights, interval, onMove, onOpen]);

  useEffect(() => {
    const parent = host.current;
    if (!parent) return;
    // igv keeps its shadow root: a fresh element for every life of the view.
    const element = document.createElement("div");
    element.className = "igv-host";
    parent.append(element);
    let closed = false;
    let made: GenomeView | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const files = {
      assembly: genome.assembly,
      chromosomes: genome.chromosomes,
      fastaUrl: genome.fasta_url,
      indexUrl: genome.index_url,
    };
    GenomeView.open(element, files, latest.current.interval, () => kinds.style(), {
      onFrame: (next) => {
        setFrame(next);
        // igv tells every step of a drag, with fractions of bases; the address gets the rest, rounded.
        if (timer) clearTimeout(timer);
        timer = setTimeout(() => {
          if (made) latest.current.onMove(made.interval);
        }, 150);
      },
    }).then(
      (next) => {
        if (closed) {
          next.dispose();
          return;
        }
        made = next;
        setView(next);
        setFrame(next.frame);
        latest.current.onOpen(next);
      },
      (error: unknown) => setFailure(sentence(error)),
    );
    return () => {
      closed = true;
      if (timer) clearTimeout(timer);
      made?.dispose();
      element.remove();
      setView(null);
      latest.current.onOpen(null);
    };
  }, [genome, kinds]);

  const specs = useMemo<RowSpec[]>(
    () => [
      { id: GENES_ROW, height: GENE_HEIGHT, kind: kinds.genes },
      ...rows.map((row) => ({
        id: row.id,
        height: row.height,
        kind: kinds.of(row),
        onDrawn: (data: unknown) => {
          if (hasData(data)) noteDrawn(row.id);
        },
      })),
    ],
    [rows, kinds],
  );
  const layout = specs.map(({ id, height }) => `${id}=${height}`).join(";");
  useEffect(() => {
    if (view) void view.setRows(specs);
    // Rows are kept by their ids: only another set, order or height is news.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view, layout]);

  useEffect(() => {
    void view?.repaint();
  }, [view, dark, shown, contacts]);

  useReloading(view, kinds, chunk, rows);

  useEffect(() => {
    recorder.tracks = rows.map(({ id, track }) => ({ id, output_type: track.output_type }));
    recorder.dataOf = (id) => view?.dataOf(id);
    recorder.signalRequests = () => kinds.sources.prediction.requests + kinds.sources.truth.requests;
  }, [rows, view, kinds]);

  const places = useMemo(() => {
    let top = 0;
    return [{ id: RULER_ROW, height: RULER_HEIGHT }, { id: SEQUENCE_ROW, height: SEQUENCE_HEIGHT }, ...specs].map(
      ({ id, height }) => {
        const place = { id, top, height };
        top += height;
        return place;
      },
    );
  }, [specs]);
  const height = places.reduce((sum, place) => sum + place.height, 0);

  function onKeyDown(event: KeyboardEvent): void {
    if (!view || event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
    const act: Record<string, () => void> = {
      ArrowLeft: () => view.pan(event.shiftKey ? -0.5 : -0.1),
      ArrowRight: () => view.pan(event.shiftKey ? 0.5 : 0.1),
      "+": () => view.zoom(0.5),
      "=": () => view.zoom(0.5),
      "-": () => view.zoom(2),
    };
    const action = act[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  const reading = pointer && view ? view.readingAt(pointer.x, pointer.y) : null;

  return (
    <div className="genome" data-testid="genome-pane">
      {failure ? <Notice kind="error">The genome view could not be opened: {failure}</Notice> : null}
      <div className="genome-rows" style={{ height }}>
        <RowNames places={places} rows={rows} chromosome={frame?.chromosome ?? interval.chromosome} near={(frame?.basesPerPixel ?? Infinity) <= SEQUENCE_LIMIT} contacts={contacts} onContacts={onContacts} onHide={onHide} hasAlternate={(chunk?.variants.length ?? 0) > 0} shown={shown} />
        {/* A graphic that pans and zooms by keys; its numbers are also in the table beside it. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <div
          className="genome-canvas"
          role="group"
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          aria-label={`Genome view of ${interval.chromosome}, ${(interval.start + 1).toLocaleString("en-US")} to ${interval.end.toLocaleString("en-US")}. Arrow keys pan, plus and minus zoom.`}
          onKeyDown={onKeyDown}
          onPointerMove={({ pointerType, clientX, clientY, buttons }: PointerEvent) =>
            setPointer(pointerType === "mouse" && buttons === 0 ? { x: clientX, y: clientY } : null)
          }
          onPointerLeave={() => setPointer(null)}
          data-testid="genome-canvas"
          data-ready={view !== null}
        >
          <div ref={host} className="genome-host" />
          {frame ? <Marks frame={frame} chunk={chunk} height={height} top={RULER_HEIGHT} /> : null}
          {reading && pointer && frame ? (
            <Tooltip pointer={pointer} reading={reading} frame={frame} height={height} />
          ) : null}
        </div>
      </div>
    </div>
  );
}

/**
 * Reads rows again when a part of theirs, predicted or true, has arrived or become finer, and all of them when another
 * chunk is shown or the truth is switched on.
 */
function useReloading(
  view: GenomeView | null,
  kinds: RowKinds,
  chunk: Chunk | undefined,
  rows: PlannedRow[],
): void {
  const known = useRef<{ chunk: string | undefined; states: Map<string, string>; truth: boolean }>({ chunk: undefined, states: new Map(), truth: false });
  useEffect(() => {
    const before = known.current;
    const nameOf = ({ source, output_type }: Part) => `${source} ${output_type}`;
    const states = new Map(chunk?.parts.map((part) => [nameOf(part), part.state]));
    const truth = rows.some(({ truthHeight }) => truthHeight > 0);
    const newChunk = before.chunk !== chunk?.id;
    const newTruth = truth && !before.truth;
    known.current = { chunk: chunk?.id, states, truth };
    const reload = new Set<string>(newTruth ? rows.map(({ id }) => id) : []);
    for (const part of chunk?.parts ?? []) {
      const was = before.states.get(nameOf(part));
      if (!newChunk && was === part.state) continue;
      if (chunk && part.state !== "pending" && !newChunk) kinds.forget(chunk.id, part);
      if (part.source === "truth" && !truth) continue;
      for (const { id, track, type } of rows) {
        if (track.output_type !== part.output_type) continue;
        const upgrade = was === "overview" && part.state === "complete" && !newChunk && part.source === "prediction";
        if (upgrade && view && isFineEnough(view, id, type.resolution)) continue;
        reload.add(id);
      }
    }
    if (!view || reload.size === 0) return;
    view.reload(reload);
  }, [view, kinds, chunk, rows]);
}

/** The overview may already be as fine as the screen: then the complete part looks the same. */
function isFineEnough(view: GenomeView, id: string, resolution: number): boolean {
  const data = predictedIn(view.dataOf(id));
  if (!isSignalData(data) || !data.signal) return false;
  return fineEnough(data.signal.bin, view.frame.basesPerPixel, resolution);
}

function isSignalData(data: unknown): data is SignalRowData {
  return typeof data === "object" && data !== null && "signal" in data;
}

function hasData(row: unknown): boolean {
  const data = predictedIn(row);
  if (isSignalData(data)) return data.signal !== null;
  return typeof data === "object" && data !== null && (!("loaded" in data) || data.loaded === true);
}
