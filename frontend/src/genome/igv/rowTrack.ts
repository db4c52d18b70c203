import type { Palette } from "../tracks/palette";
import type { DrawOptions, IgvBrowser, TrackBaseClass, TrackConfig } from "./facade";

/** What a row shows besides its data: decided by the page, read whenever a row is drawn. */
export interface RowStyle {
  palette: Palette;
  dark: boolean;
  reference: boolean;
  alternate: boolean;
  difference: boolean;
  contacts: "reference" | "alternate" | "difference";
  font: string;
  /** Drawn as the simulator's truth: outlines only. */
  truth: boolean;
  /** Height left free at the top of a signal for a name that lies over it. */
  labelRoom: number;
}

/** One line of the tooltip: a name, a value, a colour that repeats the drawing's. */
export interface Reading {
  name: string;
  value: string;
  colour?: string;
}

export interface RowQuery {
  chromosome: string;
  start: number;
  end: number;
  basesPerPixel: number;
}

/** `undefined` leaves what was drawn before: the question was overtaken by a newer one. */
export type RowData<D> = D | undefined;

/**
 * One kind of row. Drawing code is free of fetching: `load` asks, `draw` paints what was got, `read` answers the
 * pointer, `scale` tells the numbers of the axis after the range in view is known.
 */
export interface RowKind<D> {
  load: (query: RowQuery) => Promise<RowData<D>>;
  /** The same answer serves any zoom: no need to ask again at another resolution. */
  anyResolution: boolean;
  /** `beside` shares the scale: the truth below its prediction, or the reverse. */
  fit?: (data: D, start: number, end: number, beside?: D) => void;
  draw: (data: D, pen: Pen) => void;
  read?: (data: D, position: number, y: number, height: number, basesPerPixel: number) => Reading[];
}

/** Canvas with genomic x. */
export interface Pen {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  style: RowStyle;
  basesPerPixel: number;
  start: number;
  /** The stretch on screen, within the three screens painted. */
  view: { start: number; end: number };
  x: (position: number) => number;
}

export interface RowTrack {
  readonly rowData: unknown;
  read: (position: number, y: number, basesPerPixel: number) => Reading[];
}

/** What igv keeps as "features": it asks them for extremes only, the scales are the kind's own matter. */
class RowFeatures {
  readonly data: unknown;

  constructor(data: unknown) {
    this.data = data;
  }

  getMax(): number {
    return 1;
  }

  getMin(): number {
    return 0;
  }
}

/**
 * An igv track class around `config.featureSource`, which is a `RowKind`. igv gives the axis, panning, the cache of
 * three screens and the order of calls; everything drawn is ours.
 */
export function rowTrackClass(Base: TrackBaseClass, style: () => RowStyle): unknown {
  return class Row extends Base {
    declare kind: RowKind<unknown>;
    declare onDrawn: ((data: unknown) => void) | undefined;
    declare loads: number;

    constructor(config: TrackConfig, browser: IgvBrowser) {
      super(config, browser);
      this.kind = config.featureSource as RowKind<unknown>;
      this.onDrawn = config.onDrawn as ((data: unknown) => void) | undefined;
      this.loads = 0;
      this.resolutionAware = !this.kind.anyResolution;
      // Makes igv call `doAutoscale` and repaint after every move.
      this.autoscale = this.kind.fit !== undefined;
    }

    get rowData(): unknown {
      const features = this.trackView?.viewports[0]?.featureCache?.features;
      return features instanceof RowFeatures ? features.data : undefined;
    }

    async getFeatures(chromosome: string, start: number, end: number, basesPerPixel: number): Promise<unknown> {
      this.loads += 1;
      const number = this.loads;
      const data = await this.kind.load({ chromosome, start, end, basesPerPixel });
      // An answer that a later question has overtaken must not replace that one's.
      return data === undefined || number !== this.loads ? undefined : new RowFeatures(data);
    }

    doAutoscale(): { min: number; max: number } {
      const frame = this.browser.referenceFrameList[0];
      const data = this.rowData;
      if (frame && data) this.kind.fit?.(data, frame.start, frame.end);
      return { min: 0, max: 1 };
    }

    draw(options: DrawOptions): void {
      const { context, bpStart, bpPerPixel, pixelWidth, referenceFrame, features } = options;
      if (!(features instanceof RowFeatures)) return;
      const x = (position: number) => (position - bpStart) / bpPerPixel;
      context.save();
      this.kind.draw(features.data, {
        context,
        width: pixelWidth,
        height: this.height,
        style: style(),
        basesPerPixel: bpPerPixel,
        start: bpStart,
        view: { start: referenceFrame.start, end: referenceFrame.start + options.viewportWidth * bpPerPixel },
        x,
      });
      context.restore();
      this.onDrawn?.(features.data);
    }

    read(position: number, y: number, basesPerPixel: number): Reading[] {
      const data = this.rowData;
      return data ? (this.kind.read?.(data, position, y, this.height, basesPerPixel) ?? []) : [];
    }

    // igv's own menus and pop-ups stay away: the page has its own.
    popupData(): undefined {
      return undefined;
    }
    clickedFeatures(): unknown[] {
      return [];
    }
    menuItemList(): unknown[] {
      return [];
    }
  };
}
