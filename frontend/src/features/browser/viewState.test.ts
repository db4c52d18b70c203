import { describe, expect, it } from "vitest";
import { EMPTY_VIEW, formatView, parseView, type ViewState } from "./viewState";

const FULL: ViewState = {
  engine: "alphagenome",
  organism: "mouse",
  interval: { chromosome: "demoM", start: 99, end: 5_000 },
  variants: ["demoM:118:C>CCG", "demoM:300:A>T"],
  combine: true,
  window: 4_096,
  asked: { chromosome: "demoM", start: 0, end: 4_096 },
  outputs: ["DNASE", "RNA_SEQ"],
  cells: ["DEMO:0000001"],
  tracks: ["DNASE/0", "RNA_SEQ/1"],
  shown: { reference: true, alternate: false, difference: true },
  contacts: "alternate",
  truth: true,
  job: "0b9d3a52-0000-4000-8000-000000000000",
  chunk: 2,
  example: "d-tal1",
};

const search = (address: string) => address.slice(address.indexOf("?"));

describe("the address of a view", () => {
  it("restores everything that it was made of", () => {
    expect(parseView(search(formatView(FULL)))).toEqual(FULL);
  });

  it("is short where everything is as usual", () => {
    expect(formatView(EMPTY_VIEW)).toBe("/view");
    expect(parseView("")).toEqual(EMPTY_VIEW);
  });

  it("says what a reader can read", () => {
    expect(formatView({ ...EMPTY_VIEW, variants: ["demoS:16385:C>ACG"], tracks: ["DNASE/0"] })).toBe(
      "/view?variants=demoS:16385:C%3EACG&tracks=DNASE/0",
    );
  });

  it("with every drawing switched off stays so", () => {
    const none = { ...EMPTY_VIEW, shown: { reference: false, alternate: false, difference: false } };
    expect(parseView(search(formatView(none))).shown).toEqual(none.shown);
  });

  it("that is damaged falls back piece by piece", () => {
    const view = parseView("?interval=nonsense&window=-4&chunk=x&variants=a:1:C%3ET&contacts=purple");
    expect(view).toEqual({ ...EMPTY_VIEW, variants: ["a:1:C>T"] });
  });
});
