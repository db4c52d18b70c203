/**
 * The part of igv.js (pinned exactly) that we use, with types of our own: its type file lacks registerTrackClass,
 * TrackBase and featureSource. Nothing outside this folder imports igv.
 */
export interface ReferenceFrame {
  chr: string;
  start: number;
  end: number;
  bpPerPixel: number;
}

export interface IgvViewport {
  referenceFrame: ReferenceFrame;
  featureCache?: { features: unknown };
  /** The stretch that is being asked for; the same is not asked for twice at a time. */
  loading?: unknown;
  clearCache: () => void;
  getWidth: () => number;
}

export interface IgvTrackView {
  track: IgvTrack;
  viewports: IgvViewport[];
  axis: HTMLElement;
  setTrackHeight: (height: number, force?: boolean) => void;
  updateViews: () => Promise<void>;
  repaintViews: () => void;
  clearCachedFeatures: () => void;
}

export interface DrawOptions {
  context: CanvasRenderingContext2D;
  pixelWidth: number;
  pixelHeight: number;
  /** Left edge of the canvas, relative to the viewport. */
  pixelXOffset: number;
  bpStart: number;
  bpPerPixel: number;
  viewportWidth: number;
  referenceFrame: ReferenceFrame;
  features: unknown;
}

export interface IgvTrack {
  id: string;
  type: string;
  height: number;
  order?: number;
  name?: string;
  trackView?: IgvTrackView;
}

export interface TrackBase extends IgvTrack {
  config: TrackConfig;
  browser: IgvBrowser;
  autoscale: boolean;
  resolutionAware: boolean;
  dataRange: { min: number; max: number };
  init(config: TrackConfig): void;
  postInit(): Promise<unknown>;
}

export type TrackBaseClass = new (config: TrackConfig, browser: IgvBrowser) => TrackBase;

export interface TrackConfig {
  type: string;
  id: string;
  name?: string;
  height: number;
  order?: number;
  autoscale?: boolean;
  [option: string]: unknown;
}

export interface IgvBrowser {
  root: HTMLElement;
  columnContainer: HTMLElement;
  referenceFrameList: ReferenceFrame[];
  trackViews: IgvTrackView[];
  on: (event: string, listener: (...args: unknown[]) => void) => void;
  loadTrackList: (configs: TrackConfig[]) => Promise<IgvTrack[]>;
  removeTrack: (track: IgvTrack) => void;
  reorderTracks: () => void;
  updateViews: () => Promise<void>;
  updateLoci: (loci: { chr: string; start: number; end: number }[]) => Promise<boolean>;
  layoutChange: () => Promise<void>;
  calculateViewportWidth: (columns: number) => number;
}

export interface Igv {
  createBrowser: (parent: HTMLElement, config: Record<string, unknown>) => Promise<IgvBrowser>;
  removeBrowser: (browser: IgvBrowser) => void;
  registerTrackClass: (type: string, track: unknown) => void;
  TrackBase: TrackBaseClass;
}

let loading: Promise<Igv> | null = null;

/** igv.js is 430 kB gz: fetched once, when a genome is first shown (or the start page is idle). */
export function loadIgv(): Promise<Igv> {
  loading ??= import("igv").then(
    (module) => module.default as unknown as Igv,
    (error: unknown) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}
