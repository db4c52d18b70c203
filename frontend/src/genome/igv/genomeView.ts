import { clampTo, type Interval, width } from "../interval";
import { type IgvBrowser, type IgvTrackView, loadIgv, type ReferenceFrame, type TrackConfig } from "./facade";
import { RULER_HEIGHT, rulerRow } from "./rulerRow";
import { type Reading, type RowKind, type RowStyle, type RowTrack, rowTrackClass } from "./rowTrack";

export interface GenomeFiles {
  assembly: string;
  chromosomes: { name: string; length: number }[];
  fastaUrl: string;
  indexUrl: string;
}

/** A row to show: `kind` is kept for as long as the id stays. */
export interface RowSpec {
  id: string;
  height: number;
  kind: RowKind<never>;
  /** Called after every painting, with the data painted. */
  onDrawn?: (data: unknown) => void;
}

/** Rows stand one below the other without gaps, in the order given; the page places its row names by the same rule. */
export interface RowPlace {
  id: string;
  top: number;
  height: number;
}

/** What is on screen, exactly (fractions of bases included), for things drawn over the rows. */
export interface Frame {
  chromosome: string;
  start: number;
  basesPerPixel: number;
  width: number;
}

export interface GenomeViewListeners {
  onFrame: (frame: Frame) => void;
}

export const SEQUENCE_ROW = "sequence";
/** Not "ruler": igv takes a track of that id for its own. */
export const RULER_ROW = "positions";
export const SEQUENCE_HEIGHT = 22;
/** Above this, the sequence would be coloured noise: its row stays empty. */
export const SEQUENCE_LIMIT = 2;
const LEAST_BASES = 40;
/** The usual four, muted; the letters tell them apart. igv adds the small letters to the object it is given. */
const NUCLEOTIDE_COLOURS = {
  A: "rgb(63, 143, 95)",
  C: "rgb(60, 111, 176)",
  G: "rgb(185, 137, 45)",
  T: "rgb(181, 73, 62)",
  N: "rgb(138, 147, 160)",
};
/** igv reserves this width for a scroll bar that our rows never need. */
const SCROLLBAR_WIDTH = 14;

const OWN_CSS = `
  .igv-container { padding-top: 0; min-height: 0; width: calc(100% + ${SCROLLBAR_WIDTH}px); }
  .igv-viewport, .igv-scrollbar-column > div { margin-top: 0; }
  .igv-scrollbar-column { visibility: hidden; }
  .igv-loading-spinner-container, .igv-zoom-in-notice-container, .igv-viewport-message { display: none !important; }
  .igv-viewport { cursor: grab; }
  .igv-viewport:active { cursor: grabbing; }
  .igv-column-container { touch-action: pan-y; }
  :host([data-zoom="far"]) .igv-viewport[data-track-type="sequence"] { visibility: hidden; }
`;

/**
 * The one adapter around igv.js: rows in, movements out. It owns the browser inside `host` and knows nothing of
 * jobs or pages.
 */
export class GenomeView {
  readonly #host: HTMLElement;
  readonly #browser: IgvBrowser;
  readonly #remove: () => void;
  readonly #lengths: Map<string, number>;
  readonly #listeners: GenomeViewListeners;
  readonly #cleanups: (() => void)[] = [];
  #queue: Promise<void> = Promise.resolve();
  #disposed = false;

  private constructor(
    host: HTMLElement,
    browser: IgvBrowser,
    genome: GenomeFiles,
    listeners: GenomeViewListeners,
    remove: () => void,
  ) {
    this.#host = host;
    this.#browser = browser;
    this.#listeners = listeners;
    this.#remove = remove;
    this.#lengths = new Map(genome.chromosomes.map(({ name, length }) => [name, length]));
    browser.on("locuschange", () => this.#announceFrame());
    this.#handleWheel();
    this.#handleTouch();
    this.#handleResize();
  }

  static async open(
    host: HTMLElement,
    genome: GenomeFiles,
    interval: Interval,
    style: () => RowStyle,
    listeners: GenomeViewListeners,
  ): Promise<GenomeView> {
    const igv = await loadIgv();
    igv.registerTrackClass("allelens-row", rowTrackClass(igv.TrackBase, style));
    // igv changes what it is given: a fresh object every time.
    const browser = await igv.createBrowser(host, {
      loadDefaultGenomes: false,
      genomeList: [],
      reference: {
        id: genome.assembly,
        name: genome.assembly,
        fastaURL: genome.fastaUrl,
        indexURL: genome.indexUrl,
        wholeGenomeView: false,
      },
      locus: { chr: interval.chromosome, start: interval.start, end: interval.end },
      showNavigation: false,
      showControls: false,
      showIdeogram: false,
      showRuler: false,
      showSequence: false,
      showAxis: false,
      showTrackLabels: false,
      showTrackDragHandles: false,
      showGearColumn: false,
      minimumBases: LEAST_BASES,
      nucleotideColors: { ...NUCLEOTIDE_COLOURS },
      tracks: [],
    });
    if (host.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(OWN_CSS);
      host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, sheet];
    }
    const view = new GenomeView(host, browser, genome, listeners, () => igv.removeBrowser(browser));
    // Our style sheet has changed the width that igv had measured.
    view.goTo(interval);
    return view;
  }

  get frame(): Frame {
    const frame = this.#frame();
    return {
      chromosome: frame.chr,
      start: frame.start,
      basesPerPixel: frame.bpPerPixel,
      width: this.#browser.calculateViewportWidth(1),
    };
  }

  get interval(): Interval {
    const { chromosome, start, basesPerPixel, width: pixels } = this.frame;
    const length = this.#lengths.get(chromosome) ?? Infinity;
    const first = Math.max(0, Math.round(start));
    return { chromosome, start: first, end: Math.max(first + 1, Math.min(length, Math.round(start + basesPerPixel * pixels))) };
  }

  /** Shows exactly these rows in this order below ruler and sequence. Calls run one after another. */
  setRows(specs: RowSpec[]): Promise<void> {
    return this.#enqueue(async () => {
      const wanted: RowSpec[] = [
        { id: RULER_ROW, height: RULER_HEIGHT, kind: rulerRow() as unknown as RowKind<never> },
        { id: SEQUENCE_ROW, height: SEQUENCE_HEIGHT, kind: rulerRow() as unknown as RowKind<never> },
        ...specs,
      ];
      const ids = new Set(wanted.map(({ id }) => id));
      for (const { track } of [...this.#browser.trackViews]) if (!ids.has(track.id)) this.#browser.removeTrack(track);

      const present = new Map(this.#browser.trackViews.map((trackView) => [trackView.track.id, trackView]));
      const fresh = wanted.flatMap((spec, order) => (present.has(spec.id) ? [] : [configOf(spec, order + 1)]));
      wanted.forEach((spec, order) => {
        const trackView = present.get(spec.id);
        if (!trackView) return;
        trackView.track.order = order + 1;
        if (trackView.track.height !== spec.height) trackView.setTrackHeight(spec.height, true);
      });
      if (fresh.length > 0) await this.#browser.loadTrackList(fresh);
      else this.#browser.reorderTracks();
      if (this.#disposed) return;
      // igv gives its sequence track a height of its own.
      for (const { track } of this.#browser.trackViews) {
        if (track.id === SEQUENCE_ROW) track.trackView?.setTrackHeight(SEQUENCE_HEIGHT, true);
      }
      this.#announceFrame();
    });
  }

  /** Asks for the data of these rows again (all, where none is named). */
  reload(ids?: ReadonlySet<string>): void {
    for (const trackView of this.#rows(ids)) {
      // The drawing stays until the new one is there: only the cache goes. A load under way was asked before the news,
      // and igv would take it for the answer.
      for (const viewport of trackView.viewports) {
        delete viewport.featureCache;
        delete viewport.loading;
      }
      void trackView.updateViews().then(() => {
        if (!this.#disposed) trackView.repaintViews();
      });
    }
  }

  /** Draws again with the data that is there. */
  async repaint(ids?: ReadonlySet<string>): Promise<void> {
    await Promise.all(
      this.#rows(ids).map(async (trackView) => {
        await trackView.updateViews();
        trackView.repaintViews();
      }),
    );
  }

  goTo(interval: Interval): void {
    const length = this.#lengths.get(interval.chromosome);
    if (length === undefined || this.#disposed) return;
    const wide = Math.min(Math.max(width(interval), LEAST_BASES), length);
    const middle = (interval.start + interval.end) / 2;
    const target = clampTo({ ...interval, start: middle - wide / 2, end: middle + wide / 2 }, length);
    const frame = this.#frame();
    if (frame.chr !== target.chromosome) {
      void this.#enqueue(async () => {
        await this.#browser.updateLoci([{ chr: target.chromosome, start: target.start, end: target.end }]);
      });
      return;
    }
    frame.start = target.start;
    frame.end = target.end;
    frame.bpPerPixel = width(target) / this.#browser.calculateViewportWidth(1);
    void this.#browser.updateViews();
  }

  /** Below 1 zooms in; `at` is the base that stays where it is. */
  zoom(factor: number, at?: number): void {
    const { chromosome, start, end } = this.interval;
    const fixed = at ?? (start + end) / 2;
    const share = (fixed - start) / (end - start);
    const wide = Math.max(LEAST_BASES, (end - start) * factor);
    this.goTo({ chromosome, start: fixed - share * wide, end: fixed + (1 - share) * wide });
  }

  /** Moves by a share of the screen; negative to the left. */
  pan(share: number): void {
    const { chromosome, start, end } = this.interval;
    const by = (end - start) * share;
    this.goTo({ chromosome, start: start + by, end: end + by });
  }

  /** What lies under a point of the screen. */
  readingAt(clientX: number, clientY: number): { row: string; position: number; readings: Reading[] } | null {
    const box = this.#host.getBoundingClientRect();
    const { start, basesPerPixel } = this.frame;
    const position = start + (clientX - box.left) * basesPerPixel;
    const y = clientY - box.top;
    const place = this.#places().find(({ top, height }) => top <= y && y < top + height);
    if (!place) return null;
    const track = this.#browser.trackViews.find((trackView) => trackView.track.id === place.id)?.track;
    const readings = isRow(track) ? track.read(position, y - place.top, basesPerPixel) : [];
    return { row: place.id, position: Math.floor(position), readings };
  }

  /** Data that a row holds, as its kind defined it. */
  dataOf(id: string): unknown {
    const track = this.#browser.trackViews.find((trackView) => trackView.track.id === id)?.track;
    return isRow(track) ? track.rowData : undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const cleanup of this.#cleanups) cleanup();
    this.#remove();
  }

  #frame(): ReferenceFrame {
    const [frame] = this.#browser.referenceFrameList;
    if (!frame) throw new Error("The genome view has no place to show.");
    return frame;
  }

  #rows(ids?: ReadonlySet<string>): IgvTrackView[] {
    return this.#browser.trackViews.filter(({ track }) => isRow(track) && (!ids || ids.has(track.id)));
  }

  #places(): RowPlace[] {
    let top = 0;
    return this.#browser.trackViews.map(({ track: { id, height } }) => {
      const place = { id, top, height };
      top += height;
      return place;
    });
  }

  #announceFrame(): void {
    if (this.#disposed) return;
    const { frame } = this;
    this.#host.dataset.zoom = frame.basesPerPixel > SEQUENCE_LIMIT ? "far" : "near";
    this.#listeners.onFrame(frame);
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(async () => {
      if (!this.#disposed) await task();
    });
    this.#queue = next.catch(() => undefined);
    return next;
  }

  #listen<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions,
  ): void {
    this.#host.addEventListener(type, listener, options);
    this.#cleanups.push(() => this.#host.removeEventListener(type, listener, options));
  }

  /** Plain wheel scrolls the page; sideways pans; with Ctrl or ⌘ (and on a pinched trackpad) it zooms. */
  #handleWheel(): void {
    this.#listen(
      "wheel",
      (event) => {
        const { start, basesPerPixel, width: pixels } = this.frame;
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const at = start + (event.clientX - this.#host.getBoundingClientRect().left) * basesPerPixel;
          this.zoom(Math.min(2, Math.max(0.5, Math.exp(event.deltaY * 0.004))), at);
        } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.pan(event.deltaX / pixels);
        }
      },
      { passive: false },
    );
  }

  /** igv stops every touch from scrolling the page; one that runs up or down does not reach it. */
  #handleTouch(): void {
    let from: { x: number; y: number } | null = null;
    let vertical: boolean | null = null;
    this.#listen(
      "touchstart",
      ({ touches: [touch] }) => {
        from = touch ? { x: touch.clientX, y: touch.clientY } : null;
        vertical = null;
      },
      { capture: true, passive: true },
    );
    this.#listen(
      "touchmove",
      (event) => {
        const [touch] = event.touches;
        if (!touch || !from) return;
        vertical ??= Math.abs(touch.clientY - from.y) > Math.abs(touch.clientX - from.x);
        if (vertical) event.stopImmediatePropagation();
      },
      { capture: true, passive: true },
    );
  }

  #handleResize(): void {
    let known = this.#host.clientWidth;
    const observer = new ResizeObserver(() => {
      if (this.#host.clientWidth === known || this.#host.clientWidth === 0) return;
      known = this.#host.clientWidth;
      void this.#enqueue(() => this.#browser.layoutChange());
    });
    observer.observe(this.#host);
    this.#cleanups.push(() => observer.disconnect());
  }
}

function configOf({ id, height, kind, onDrawn }: RowSpec, order: number): TrackConfig {
  if (id === SEQUENCE_ROW) return { type: "sequence", id, height, order, removable: true };
  return { type: "allelens-row", id, name: id, height, order, minHeight: height, maxHeight: 1000, featureSource: kind, onDrawn };
}

function isRow(track: unknown): track is RowTrack {
  return typeof track === "object" && track !== null && "kind" in track;
}
