import { create } from "zustand";
import type { SignalScale } from "../../genome/igv/signalRow";

/** What the rows tell the page while they are drawn: scales for the axis, and what could not be read. */
interface RowStore {
  scales: Record<string, SignalScale>;
  failures: Record<string, string>;
  setScale: (id: string, scale: SignalScale) => void;
  /** `failure`: why the row could not be read; null: it was. */
  setAnswer: (id: string, failure: string | null) => void;
  clear: () => void;
}

/** Under which name the truth of a row tells the same things. */
export function truthOf(id: string): string {
  return `truth of ${id}`;
}

export const useRows = create<RowStore>()((set, get) => ({
  scales: {},
  failures: {},
  setScale: (id, scale) => set({ scales: { ...get().scales, [id]: scale } }),
  setAnswer: (id, failure) => {
    const { failures } = get();
    if ((failures[id] ?? null) === failure) return;
    const others = Object.fromEntries(Object.entries(failures).filter(([other]) => other !== id));
    set({ failures: failure ? { ...others, [id]: failure } : others });
  },
  clear: () => set({ scales: {}, failures: {} }),
}));
