import type { components } from "./schema";

/** The names the pages use for the API's types; all of them come from the OpenAPI schema. */
type Schemas = components["schemas"];

export type Biosample = Schemas["Biosample"];
export type Catalogue = Schemas["Tracks"];
export type ChangeRow = Schemas["Change"];
export type Changes = Schemas["Changes"];
export type Chunk = Schemas["Chunk"];
export type Edit = Schemas["Edit"];
export type Engine = Schemas["Engine"];
export type EngineDetails = Schemas["EngineWithCard"];
export type EngineReport = Schemas["EngineReport"];
export type EventPage = Schemas["Events"];
export type Example = Schemas["Example"];
export type Gene = Schemas["Gene"];
export type Genome = Schemas["Genome"];
export type HostedAccount = Schemas["HostedAccount"];
export type Job = Schemas["Job"];
export type JobRequest = Schemas["JobRequestRequest"];
export type JobState = Schemas["JobState"];
export type JobSummary = Schemas["JobSummary"];
export type NewHostedKey = Schemas["NewHostedKeyRequest"];
export type OutputType = Schemas["TrackOutputType"];
export type Part = Schemas["Part"];
export type Report = Schemas["Report"];
export type ReadoutRow = Schemas["ReadoutRow"];
/** Who says what a part holds: the model, or the simulator of the invented genome. */
export type Source = Part["source"];
export type SearchResult = Schemas["SearchResult"];
export type ShowcaseRow = Schemas["ShowcaseRow"];
export type StratumRow = Schemas["StratumRow"];
export type Track = Schemas["Track"];
export type Variant = Schemas["Variant"];

/** An event's payload depends on its type; it is read field by field. */
export type JobEvent = Omit<Schemas["Event"], "payload"> & { payload: Record<string, unknown> };
