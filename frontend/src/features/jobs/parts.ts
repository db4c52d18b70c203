import type { Chunk, Part, Source } from "../../api/types";

/** Parts of one source: what the model predicted, or what the simulator says. */
export function partsOf(chunk: Pick<Chunk, "parts"> | undefined, source: Source): Part[] {
  return chunk?.parts.filter((part) => part.source === source) ?? [];
}

export function partOf(chunk: Pick<Chunk, "parts"> | undefined, outputType: string, source: Source): Part | undefined {
  return chunk?.parts.find((part) => part.source === source && part.output_type === outputType);
}

export function numberComplete(parts: Part[]): number {
  return parts.filter(({ state }) => state === "complete").length;
}
