import { describe, expect, it, vi } from "vitest";
import type { Pen, RowKind, RowStyle } from "./rowTrack";
import { PREDICTED, TRUTH, truthIn, predictedIn, withTruth } from "./withTruth";

const query = { chromosome: "demo1", start: 0, end: 100, basesPerPixel: 1 };

function kind(value: number | undefined): RowKind<number> {
  return {
    load: () => Promise.resolve(value),
    anyResolution: false,
    fit: vi.fn(),
    draw: vi.fn(),
    read: (data, _position, y, height) => [{ name: "REF", value: `${data} at ${y} of ${height}` }],
  };
}

function pen(height: number): Pen {
  const context = { save: vi.fn(), restore: vi.fn(), translate: vi.fn(), scale: vi.fn(), fillRect: vi.fn() };
  return {
    context: context as unknown as CanvasRenderingContext2D,
    width: 50,
    height,
    style: { palette: {}, reference: true, alternate: true, difference: true, truth: false } as unknown as RowStyle,
    basesPerPixel: 1,
    start: 0,
    view: { start: 0, end: 50 },
    x: (position) => position,
  };
}

describe("a row with the truth below its prediction", () => {
  it("asks for no truth where it is not shown", async () => {
    const truth = kind(2);
    const ask = vi.spyOn(truth, "load");
    expect(await withTruth(kind(1), truth, { height: () => 0, mirrored: false }).load(query)).toEqual({ predicted: 1, truth: null });
    expect(ask).not.toHaveBeenCalled();
  });

  it("leaves what was drawn where either answer was overtaken", async () => {
    const row = withTruth(kind(1), kind(undefined), { height: () => 40, mirrored: false });
    expect(await row.load(query)).toBeUndefined();
  });

  it("gives both halves one scale", () => {
    const [predicted, truth] = [kind(1), kind(2)];
    withTruth(predicted, truth, { height: () => 40, mirrored: false }).fit?.({ predicted: 1, truth: 2 }, 0, 100);
    expect(predicted.fit).toHaveBeenCalledWith(1, 0, 100, 2);
    expect(truth.fit).toHaveBeenCalledWith(2, 0, 100, 1);
  });

  it("draws the truth as truth, in its own height", () => {
    const [predicted, truth] = [kind(1), kind(2)];
    withTruth(predicted, truth, { height: () => 40, mirrored: false }).draw({ predicted: 1, truth: 2 }, pen(110));
    expect(vi.mocked(predicted.draw).mock.calls[0]?.[1]).toMatchObject({ height: 70, style: { truth: false, difference: true } });
    expect(vi.mocked(truth.draw).mock.calls[0]?.[1]).toMatchObject({ height: 40, style: { truth: true, difference: false } });
  });

  it("shows the difference of the truth where only differences are wanted", () => {
    const truth = kind(2);
    const only = pen(110);
    const style = { ...only.style, reference: false, alternate: false };
    withTruth(kind(1), truth, { height: () => 40, mirrored: false }).draw({ predicted: 1, truth: 2 }, { ...only, style });
    expect(vi.mocked(truth.draw).mock.calls[0]?.[1]).toMatchObject({ style: { difference: true } });
  });

  it("reads both at the same place of the drawing, and says whose numbers they are", () => {
    const row = withTruth(kind(1), kind(2), { height: () => 100, mirrored: true });
    const above = row.read?.({ predicted: 1, truth: 2 }, 5, 75, 200, 1);
    expect(above?.map(({ name, value }) => `${name} ${value}`.trim())).toEqual([PREDICTED, "REF 1 at 75 of 100", TRUTH, "REF 2 at 75 of 100"]);
    // A mirrored triangle stands on the same line: 25 below it is 25 above it.
    expect(row.read?.({ predicted: 1, truth: 2 }, 5, 125, 200, 1)).toEqual(above);
  });

  it("is without labels where the truth is not shown", () => {
    const row = withTruth(kind(1), kind(2), { height: () => 0, mirrored: false });
    expect(row.read?.({ predicted: 1, truth: null }, 5, 75, 100, 1)).toEqual([{ name: "REF", value: "1 at 75 of 100" }]);
  });
});

describe("looking into a row", () => {
  it("finds prediction and truth of any kind", () => {
    expect([predictedIn({ predicted: 1, truth: 2 }), truthIn({ predicted: 1, truth: 2 })]).toEqual([1, 2]);
    expect([predictedIn({ genes: [] }), truthIn({ genes: [] }), predictedIn(undefined)]).toEqual([{ genes: [] }, null, undefined]);
  });
});
