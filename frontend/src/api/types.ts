/**
 * The names the pages use for the API's types.
 * Provisional: written by hand after the web contract, until the schema is there to generate them from.
 */
export type JobState = "queued" | "running" | "finished" | "failed" | "cancelled";
export type PartState = "pending" | "overview" | "complete";
export type Organism = "human" | "mouse";
export type OutputKind = "signal" | "junctions" | "contact_map";

export interface ApiInterval {
  chromosome: string;
  start: number;
  end: number;
  strand?: string;
}

export interface ApiVariant {
  text: string;
  chromosome: string;
  position: number;
  reference_bases: string;
  alternate_bases: string;
}

export interface Session {
  user: { username: string; is_local: boolean };
  mode: string;
  default_project: string;
  version: string;
}

export interface Engine {
  name: string;
  title: string;
  description: string;
  installed: boolean;
  problem: string | null;
  install_command: string | null;
  invented: boolean;
  organisms: { organism: Organism; assembly: string; title: string }[];
  windows: number[];
  default_window: number;
  weights_digest: string | null;
  output_types: string[];
}

export interface OutputType {
  output_type: string;
  title: string;
  resolution: number;
  kind: OutputKind;
  summary: string;
  unit: string;
  sentence: string;
}

export interface Biosample {
  ontology_curie: string;
  name: string;
  counts: Record<string, number>;
}

export interface Track {
  id: string;
  output_type: string;
  index: number;
  name: string;
  strand: string;
  ontology_curie: string | null;
  biosample_name: string | null;
  assay_title: string | null;
  histone_mark: string | null;
  transcription_factor: string | null;
}

export interface Catalogue {
  output_types: OutputType[];
  biosamples: Biosample[];
  tracks: Track[];
}

export interface Example {
  slug: string;
  title: string;
  sentence: string;
  like: string;
  engine: string;
  organism: Organism;
  assembly: string;
  variants: string[];
  alternatives: { label: string; variants: string[] }[];
  interval: ApiInterval;
  window: number;
  output_types: string[];
  ontology_curies: string[];
  look_at: string;
}

export interface Genome {
  assembly: string;
  title: string;
  invented: boolean;
  organism: Organism;
  chromosomes: { name: string; length: number }[];
  fasta_url: string;
  index_url: string;
}

export interface Transcript {
  id: string;
  exons: [number, number][];
  cds: [number, number][];
}

export interface Gene {
  id: string;
  name: string;
  chromosome: string;
  start: number;
  end: number;
  strand: string;
  gene_type: string;
  transcripts: Transcript[];
}

export interface GenePage {
  genes: Gene[];
  shown: number;
  total: number;
}

export interface SearchProblem {
  code: string;
  message: string;
  swap: string | null;
}

export interface SearchResult {
  kind: "gene" | "interval" | "variant" | "problem";
  label: string;
  sentence: string;
  interval: ApiInterval | null;
  variant: ApiVariant | null;
  problem: SearchProblem | null;
}

export interface JobRequest {
  project?: string;
  engine: string;
  organism: Organism;
  variants: string[];
  combine?: boolean;
  window?: number;
  interval?: ApiInterval;
  output_types?: string[];
  ontology_curies?: string[] | null;
  idempotency_key?: string;
}

export interface Part {
  output_type: string;
  state: PartState;
  key: string | null;
  resolution: number;
  levels: number[];
  tracks: string[];
}

export interface Edit {
  start: number;
  end: number;
  kind: "insertion" | "deletion" | "substitution";
  length: number;
}

export interface Chunk {
  id: string;
  index: number;
  state: JobState;
  attempt: number;
  interval: ApiInterval;
  variants: ApiVariant[];
  edits: Edit[];
  error: { code: string; message: string } | null;
  parts: Part[];
}

export interface JobCounts {
  chunks: number;
  chunks_finished: number;
  chunks_failed: number;
  parts: number;
  parts_complete: number;
}

export interface Job {
  id: string;
  project: string;
  state: JobState;
  engine: string;
  weights_digest: string | null;
  organism: Organism;
  assembly: string;
  window: number;
  created: string;
  started: string | null;
  finished: string | null;
  last_seq: number;
  queue_position: number | null;
  counts: JobCounts;
  message: string | null;
  request: JobRequest;
  chunks: Chunk[];
}

export interface JobPage {
  results: Job[];
  next: string | null;
  previous: string | null;
  count: number;
}

export interface JobEvent {
  seq: number;
  type: string;
  time: string;
  payload: Record<string, unknown>;
}

export interface EventPage {
  events: JobEvent[];
  last_seq: number;
  resync: boolean;
}

export interface ChangeRow {
  track: string;
  output_type: string;
  biosample_name: string | null;
  ontology_curie: string | null;
  strand: string;
  label: string;
  measure: string;
  reference: number;
  alternate: number;
  log2_ratio: number | null;
  unit: string;
  interval: ApiInterval;
}

export interface Changes {
  rows: ChangeRow[];
  model: { engine: string; weights_digest: string | null };
  window: number;
  sentence: string;
}

export interface Junction {
  chromosome: string;
  start: number;
  end: number;
  strand: string;
  values: { track: string; reference: number | null; alternate: number | null }[];
}

export interface JunctionPage {
  junctions: Junction[];
  shown: number;
  total: number;
  tracks: string[];
}
