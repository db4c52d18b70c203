import { formatInterval, type Interval, parseInterval } from "../../genome/interval";

/** Which of the drawn things are shown: REF, ALT, and their difference. */
export interface Shown {
  reference: boolean;
  alternate: boolean;
  difference: boolean;
}

export type ContactMode = "reference" | "alternate" | "difference";

/** Everything that a link to the browser page restores. */
export interface ViewState {
  engine: string;
  organism: string;
  /** What is on screen; null: decided from the variants or the job. */
  interval: Interval | null;
  variants: string[];
  /** All variants on one ALT haplotype. */
  combine: boolean;
  /** The sequence given to the model, in bp; null: the engine's default. */
  window: number | null;
  /** The model's window where there is no variant to centre it on. */
  asked: Interval | null;
  /** Output types and cell types asked of the model; null: all. */
  outputs: string[] | null;
  cells: string[] | null;
  /** Tracks on screen, in order; null: the selection that suits the request. */
  tracks: string[] | null;
  shown: Shown;
  contacts: ContactMode;
  /** The simulator's truth is drawn below each prediction. */
  truth: boolean;
  job: string | null;
  /** Which window of the job, where it has several. */
  chunk: number;
  example: string | null;
}

export const EMPTY_VIEW: ViewState = {
  engine: "demo",
  organism: "human",
  interval: null,
  variants: [],
  combine: false,
  window: null,
  asked: null,
  outputs: null,
  cells: null,
  tracks: null,
  shown: { reference: true, alternate: true, difference: true },
  contacts: "difference",
  truth: false,
  job: null,
  chunk: 0,
  example: null,
};

const SHOWN = [
  ["ref", "reference"],
  ["alt", "alternate"],
  ["diff", "difference"],
] as const;
const CONTACTS = { ref: "reference", alt: "alternate", diff: "difference" } as const;

export function parseView(search: string): ViewState {
  const params = new URLSearchParams(search);
  const text = (name: string) => params.get(name)?.trim() ?? "";
  const list = (name: string) => {
    const items = text(name).split(",").filter(Boolean);
    return items.length > 0 ? items : null;
  };
  const whole = (name: string) => {
    const value = Number(text(name));
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  const shown = list("show");
  const contacts = text("contacts");
  return {
    engine: text("engine") || EMPTY_VIEW.engine,
    organism: text("organism") || EMPTY_VIEW.organism,
    interval: parseInterval(text("interval")),
    variants: list("variants") ?? [],
    combine: text("combine") === "1",
    window: whole("window"),
    asked: parseInterval(text("asked")),
    outputs: list("outputs"),
    cells: list("cells"),
    tracks: list("tracks"),
    shown: shown
      ? { reference: shown.includes("ref"), alternate: shown.includes("alt"), difference: shown.includes("diff") }
      : EMPTY_VIEW.shown,
    contacts: contacts === "ref" || contacts === "alt" || contacts === "diff" ? CONTACTS[contacts] : EMPTY_VIEW.contacts,
    truth: text("truth") === "1",
    job: text("job") || null,
    chunk: (whole("chunk") ?? 1) - 1,
    example: text("example") || null,
  };
}

/** Address of the browser page; only what differs from the usual is written. */
export function formatView(view: ViewState): string {
  const pairs: [string, string][] = [];
  const add = (name: string, value: string | null) => {
    if (value) pairs.push([name, value]);
  };
  add("variants", view.variants.join(","));
  add("combine", view.combine ? "1" : null);
  add("interval", view.interval && formatInterval(view.interval));
  add("engine", view.engine === EMPTY_VIEW.engine ? null : view.engine);
  add("organism", view.organism === EMPTY_VIEW.organism ? null : view.organism);
  add("window", view.window === null ? null : String(view.window));
  add("asked", view.asked && formatInterval(view.asked));
  add("outputs", view.outputs?.join(",") ?? null);
  add("cells", view.cells?.join(",") ?? null);
  add("tracks", view.tracks?.join(",") ?? null);
  const shown = SHOWN.filter(([, name]) => view.shown[name]).map(([short]) => short);
  add("show", shown.length === SHOWN.length ? null : shown.join(",") || "none");
  const contacts = Object.entries(CONTACTS).find(([, name]) => name === view.contacts)?.[0] ?? "diff";
  add("contacts", contacts === "diff" ? null : contacts);
  add("truth", view.truth ? "1" : null);
  add("example", view.example);
  add("job", view.job);
  add("chunk", view.chunk > 0 ? String(view.chunk + 1) : null);
  if (pairs.length === 0) return "/view";
  // ":", "," and "/" are allowed in a query string, and a link is for reading too.
  const readable = (value: string) =>
    encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
  return `/view?${pairs.map(([name, value]) => `${name}=${readable(value)}`).join("&")}`;
}
