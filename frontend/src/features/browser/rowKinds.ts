import { getContactMap, getJunctions, getSignal } from "../../api/endpoints";
import { sentence } from "../../api/errors";
import { fetchGenes } from "../../api/queries";
import type { Chunk, Genome, Part, Source } from "../../api/types";
import { contactRow } from "../../genome/igv/contactRow";
import { geneRow } from "../../genome/igv/geneRow";
import { type Arc, type ArcSet, junctionRow } from "../../genome/igv/junctionRow";
import type { RowKind, RowStyle } from "../../genome/igv/rowTrack";
import { signalRow, type SignalRowData } from "../../genome/igv/signalRow";
import { withTruth } from "../../genome/igv/withTruth";
import { type ContactMap, decodeContactMap } from "../../genome/signals/contactMap";
import { PLANES } from "../../genome/signals/layout";
import { SignalSource } from "../../genome/signals/source";
import { DARK, LIGHT } from "../../genome/tracks/palette";
import { partOf } from "../jobs/parts";
import type { PlannedRow } from "./rowPlan";
import { truthOf, useRows } from "./rowStore";
import type { ContactMode, Shown } from "./viewState";

/** What the rows need to know of the page at the moment they ask or draw. */
export interface RowContext {
  chunk: Chunk | undefined;
  genome: Genome;
  shown: Shown;
  contacts: ContactMode;
  dark: boolean;
  labelRoom: number;
  /** Height of the truth in each row that shows it. */
  truthHeights: ReadonlyMap<string, number>;
}

/** One `RowKind` per track, kept while the page lives, so that igv keeps its rows; and where their data come from. */
export class RowKinds {
  readonly sources: Record<Source, SignalSource> = { prediction: signalSource("prediction"), truth: signalSource("truth") };
  readonly genes: RowKind<never>;
  readonly #kinds = new Map<string, RowKind<never>>();
  readonly #junctions = new Map<string, Promise<Map<string, Arc[]>>>();
  readonly #maps = new Map<string, Promise<ContactMap>>();
  #context: RowContext;

  constructor(context: RowContext) {
    this.#context = context;
    this.genes = geneRow(async ({ chromosome, start, end }) => {
      try {
        return (await fetchGenes(this.#context.genome.assembly, chromosome, start, end)).genes;
      } catch {
        // Without genes the tracks are still worth seeing; the page says elsewhere that the server is away.
        return [];
      }
    }) as unknown as RowKind<never>;
  }

  /** Rows outlive renders: they read the page's latest state from here. */
  update(context: RowContext): void {
    this.#context = context;
  }

  style(): RowStyle {
    const { dark, shown, contacts, labelRoom } = this.#context;
    return {
      palette: dark ? DARK : LIGHT,
      dark,
      ...shown,
      contacts,
      truth: false,
      labelRoom,
      font: '"IBM Plex Sans Variable", system-ui, sans-serif',
    };
  }

  of(row: PlannedRow): RowKind<never> {
    const kind = this.#kinds.get(row.id) ?? this.#make(row);
    this.#kinds.set(row.id, kind);
    return kind;
  }

  /** Forgets what was read of a part, before it is read again. */
  forget(chunk: string, part: Part): void {
    this.sources[part.source].forget(chunk, part.tracks);
    if (part.output_type === "SPLICE_JUNCTIONS") this.#junctions.delete(`${part.source}|${chunk}`);
    for (const track of part.tracks) this.#maps.delete(`${part.source}|${chunk}|${track}`);
  }

  #make(row: PlannedRow): RowKind<never> {
    const truth = { height: () => this.#context.truthHeights.get(row.id) ?? 0, mirrored: row.type.kind === "contact_map" };
    const { id, track: { output_type: outputType }, type } = row;
    switch (type.kind) {
      case "junctions": {
        const arcs = (source: Source) => junctionRow(() => this.#arcs(id, outputType, source));
        return withTruth(arcs("prediction"), arcs("truth"), truth) as unknown as RowKind<never>;
      }
      case "contact_map": {
        // igv takes `undefined` for an answer that was overtaken; a map that is not there yet is none.
        const map = (source: Source) => contactRow(() => this.#map(id, outputType, source));
        return withTruth(map("prediction"), map("truth"), truth) as unknown as RowKind<never>;
      }
      case "signal":
        return withTruth(this.#signal(row, "prediction"), this.#signal(row, "truth"), truth) as unknown as RowKind<never>;
    }
  }

  #signal({ id, track: { output_type: outputType }, type }: PlannedRow, source: Source): RowKind<SignalRowData> {
    const { setScale, setAnswer } = useRows.getState();
    const told = source === "truth" ? truthOf(id) : id;
    return signalRow({
      track: id,
      resolution: type.resolution,
      ask: (question) => this.sources[source].ask(question),
      source: () => {
        const { chunk } = this.#context;
        const part = this.#part(outputType, source);
        if (!chunk || !part?.tracks.includes(id) || part.state === "pending") return null;
        const { chromosome, start, end } = chunk.interval;
        return { chunk: chunk.id, chromosome, start, end, blind: blindStretches(chunk) };
      },
      shown: () => this.#context.shown,
      onScale: (scale) => setScale(told, scale),
      onAnswer: ({ state, message }) => setAnswer(told, state === "failed" ? (message ?? "The answer was empty.") : null),
    });
  }

  #part(outputType: string, source: Source): Part | undefined {
    return partOf(this.#context.chunk, outputType, source);
  }

  /** All junction tracks of a chunk come in one answer: they are few and sparse. */
  async #arcs(track: string, outputType: string, source: Source): Promise<ArcSet> {
    const part = this.#part(outputType, source);
    const { chunk } = this.#context;
    if (!chunk || part?.state !== "complete") return { arcs: [], loaded: false };
    const key = `${source}|${chunk.id}`;
    const all = this.#junctions.get(key) ?? fetchArcs(chunk, part);
    this.#junctions.set(key, all);
    const arcs = all.then((byTrack) => ({ arcs: byTrack.get(track) ?? [], loaded: true }));
    return told(nameOf(track, source), arcs, () => this.#junctions.delete(key), { arcs: [], loaded: false });
  }

  async #map(track: string, outputType: string, source: Source): Promise<ContactMap | null> {
    const { chunk } = this.#context;
    const part = this.#part(outputType, source);
    if (!chunk || part?.state !== "complete" || !part.tracks.includes(track)) return null;
    const key = `${source}|${chunk.id}|${track}`;
    const map =
      this.#maps.get(key) ??
      getContactMap(chunk.id, track, source).then(({ layout, body }) => decodeContactMap(layout, body));
    this.#maps.set(key, map);
    return told(nameOf(track, source), map, () => this.#maps.delete(key), null);
  }
}

function signalSource(source: Source): SignalSource {
  return new SignalSource((batch, signal) => getSignal(batch.chunk, { ...batch, planes: PLANES, source }, signal));
}

function nameOf(track: string, source: Source): string {
  return source === "truth" ? truthOf(track) : track;
}

/**
 * Stretches of REF without a base of ALT: deleted bases, and what an insertion pushed out at the right end of the
 * window. ALT is 0 there by the rule of alignment, not by prediction.
 */
export function blindStretches({ edits, interval }: Pick<Chunk, "edits" | "interval">): [number, number][] {
  const net = edits.reduce(
    (sum, { kind, length }) => sum + (kind === "insertion" ? length : kind === "deletion" ? -length : 0),
    0,
  );
  const deleted = edits.filter(({ kind }) => kind === "deletion").map(({ start, end }): [number, number] => [start, end]);
  return net > 0 ? [...deleted, [interval.end - net, interval.end]] : deleted;
}

async function fetchArcs(chunk: Chunk, part: Part): Promise<Map<string, Arc[]>> {
  const { start, end } = chunk.interval;
  const { junctions } = await getJunctions(chunk.id, part.tracks, start, end, part.source);
  const byTrack = new Map<string, Arc[]>();
  for (const { start: from, end: to, strand, values } of junctions) {
    for (const { track, reference, alternate } of values) {
      const arcs = byTrack.get(track) ?? [];
      arcs.push({ start: from, end: to, strand, reference, alternate });
      byTrack.set(track, arcs);
    }
  }
  return byTrack;
}

/** igv answers a rejected promise with a dialog of its own: failures are told to the page instead. */
async function told<T>(track: string, promise: Promise<T>, drop: () => void, otherwise: T): Promise<T> {
  const { setAnswer } = useRows.getState();
  try {
    const value = await promise;
    setAnswer(track, null);
    return value;
  } catch (error) {
    drop();
    setAnswer(track, sentence(error));
    return otherwise;
  }
}
