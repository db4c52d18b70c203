import type { Engine } from "../../api/types";
import { grouped } from "../../ui/numbers";

type Memory = Pick<Engine, "default_window" | "memory">;

/** 11_460_000_000 → "11.5 GB". */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** What a window that does not fit into the memory of the worker's device would need; otherwise nothing. */
export function neededTooMuch({ memory }: Memory, window: number): string {
  const need = memory.windows.find((each) => each.window === window);
  return need && !need.fits ? gigabytes(need.needed) : "";
}

/** One sentence where the window is shorter than usual, or longer than fits; otherwise nothing. */
export function windowNote(engine: Memory, chosen: number | null): string {
  if (chosen === null) return engine.memory.note;
  const needed = neededTooMuch(engine, chosen);
  if (!needed) return "";
  return `A window of ${grouped(chosen)} bp needs ${needed} of memory with all tracks, and ${gigabytes(engine.memory.free)} are free on the worker's device: choose a shorter window, or fewer cell types and modalities.`;
}
