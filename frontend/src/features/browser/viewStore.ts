import { create } from "zustand";
import { navigate, subscribe } from "../../ui/router";
import { formatView, parseView, type ViewState } from "./viewState";

/** The view on screen. The address follows it a moment later; going back and forth replaces it. */
interface ViewStore {
  view: ViewState;
  /** Changes what is seen; the address is replaced, the history stays short. */
  change: (part: Partial<ViewState>) => void;
}

const ADDRESS_DELAY_MS = 250;
let pending: ReturnType<typeof setTimeout> | null = null;

export const useView = create<ViewStore>()((set, get) => ({
  view: parseView(location.search),
  change: (part) => {
    set({ view: { ...get().view, ...part } });
    pending ??= setTimeout(writeAddress, ADDRESS_DELAY_MS);
  },
}));

function writeAddress(): void {
  pending = null;
  if (location.pathname === "/view") navigate(formatView(useView.getState().view), { replace: true });
}

/** Opens a view as a new page of the history. */
export function openView(view: ViewState): void {
  if (pending) clearTimeout(pending);
  pending = null;
  useView.setState({ view });
  navigate(formatView(view));
}

subscribe(() => {
  if (location.pathname !== "/view" || pending) return;
  if (formatView(useView.getState().view) === location.pathname + location.search) return;
  useView.setState({ view: parseView(location.search) });
});

window.addEventListener("pagehide", () => {
  if (pending) {
    clearTimeout(pending);
    writeAddress();
  }
});
