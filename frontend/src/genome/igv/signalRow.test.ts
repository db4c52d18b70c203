import { describe, expect, it } from "vitest";
import type { TrackSignal } from "../signals/layout";
import { withoutBlind } from "./signalRow";

/** ALT is 0 in the last bin because an insertion pushed its bases out of the window, not because it lost signal. */
const signal: TrackSignal = {
  start: 0,
  bin: 2,
  bins: 3,
  planes: {
    reference: new Float32Array([1, 1, 5]),
    alternate: new Float32Array([1, 3, 0]),
    difference_max: new Float32Array([0, 2, 0]),
    difference_min: new Float32Array([0, 0, -5]),
  },
};

describe("stretches without ALT bases", () => {
  it("show no difference", () => {
    const shown = withoutBlind(signal, 1, [[5, 6]]);
    expect([...(shown.planes.alternate ?? [])]).toEqual([1, 3, 5]);
    expect([...(shown.planes.difference_min ?? [])]).toEqual([0, 0, 0]);
    expect([...(shown.planes.difference_max ?? [])]).toEqual([0, 2, 0]);
  });

  it("leave what was fetched untouched", () => {
    withoutBlind(signal, 1, [[5, 6]]);
    expect(signal.planes.alternate?.[2]).toBe(0);
  });

  it("do not hide bins that average over the bases that are there", () => {
    expect(withoutBlind(signal, 128, [[5, 6]])).toBe(signal);
    expect(withoutBlind(signal, 1, [])).toBe(signal);
  });
});
