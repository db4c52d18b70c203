import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type SignalBatch, SignalSource } from "./source";

/** A server with every track at the bin asked for; records what it was asked. */
function server({ missing = [] as string[] } = {}) {
  const asked: SignalBatch[] = [];
  const aborted: SignalBatch[] = [];
  const pending: (() => void)[] = [];
  const fetch = (batch: SignalBatch, signal: AbortSignal) => {
    asked.push(batch);
    return new Promise<{ layout: string; body: ArrayBuffer }>((resolve, reject) => {
      signal.addEventListener("abort", () => {
        aborted.push(batch);
        reject(new DOMException("aborted", "AbortError"));
      });
      pending.push(() => {
        const tracks = batch.tracks.filter((track) => !missing.includes(track));
        const bin = Math.max(1, Math.ceil((batch.end - batch.start) / batch.maxBins));
        const bins = Math.ceil((batch.end - batch.start) / bin);
        const block = { output_type: "DNASE", tracks, planes: ["reference"], start: batch.start, bin, bins, offset: 0 };
        resolve({
          layout: JSON.stringify({ blocks: tracks.length > 0 ? [block] : [], missing }),
          body: new Float32Array(tracks.length * bins).buffer,
        });
      });
    });
  };
  const answer = () => pending.splice(0).forEach((send) => send());
  return { asked, aborted, answer, source: new SignalSource(fetch) };
}

const at = (track: string, start = 0, end = 1_000, basesPerPixel = 1) => ({
  chunk: "c",
  track,
  start,
  end,
  basesPerPixel,
  resolution: 1,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the signal source", () => {
  it("asks once for all tracks that ask within a few milliseconds", async () => {
    const { asked, answer, source } = server();
    const answers = ["DNASE/0", "DNASE/1", "RNA_SEQ/2"].map((track) => source.ask(at(track)));
    await vi.advanceTimersByTimeAsync(10);
    answer();
    expect((await Promise.all(answers)).map(({ state }) => state)).toEqual(["ready", "ready", "ready"]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.tracks).toEqual(["DNASE/0", "DNASE/1", "RNA_SEQ/2"]);
  });

  it("answers a stretch inside a known one without asking", async () => {
    const { asked, answer, source } = server();
    const first = source.ask(at("DNASE/0"));
    await vi.advanceTimersByTimeAsync(10);
    answer();
    await first;
    expect(await source.ask(at("DNASE/0", 200, 600))).toMatchObject({ state: "ready" });
    expect(asked).toHaveLength(1);
  });

  it("asks again where the screen shows more than is known", async () => {
    const { asked, answer, source } = server();
    const first = source.ask(at("DNASE/0", 0, 64_000, 64));
    await vi.advanceTimersByTimeAsync(10);
    answer();
    await first;
    void source.ask(at("DNASE/0", 0, 1_000, 1));
    await vi.advanceTimersByTimeAsync(10);
    expect(asked).toHaveLength(2);
  });

  it("does not ask for finer bins than the output has", async () => {
    const { asked, answer, source } = server();
    const coarse = { ...at("CHIP_HISTONE/0", 0, 12_800, 128), resolution: 128 };
    const first = source.ask(coarse);
    await vi.advanceTimersByTimeAsync(10);
    answer();
    await first;
    expect(await source.ask({ ...coarse, start: 1_000, end: 2_000, basesPerPixel: 20 })).toMatchObject({ state: "ready" });
    expect(asked).toHaveLength(1);
  });

  it("cancels a request that a newer view of the same tracks overtakes", async () => {
    const { aborted, answer, source } = server();
    const old = source.ask(at("DNASE/0", 0, 1_000));
    await vi.advanceTimersByTimeAsync(10);
    const fresh = source.ask(at("DNASE/0", 5_000, 6_000));
    await vi.advanceTimersByTimeAsync(10);
    answer();
    expect(await old).toEqual({ state: "stale" });
    expect(await fresh).toMatchObject({ state: "ready" });
    expect(aborted).toHaveLength(1);
  });

  it("leaves requests of other tracks alone", async () => {
    const { aborted, source } = server();
    void source.ask(at("DNASE/0", 0, 1_000));
    void source.ask(at("DNASE/1", 0, 1_000));
    await vi.advanceTimersByTimeAsync(10);
    void source.ask(at("DNASE/1", 5_000, 6_000));
    await vi.advanceTimersByTimeAsync(10);
    expect(aborted).toHaveLength(0);
  });

  it("says which tracks are not stored yet", async () => {
    const { answer, source } = server({ missing: ["RNA_SEQ/0"] });
    const question = source.ask(at("RNA_SEQ/0"));
    await vi.advanceTimersByTimeAsync(10);
    answer();
    expect(await question).toEqual({ state: "missing" });
  });

  it("does not keep an answer that left before its part became finer", async () => {
    const { asked, answer, source } = server();
    const early = source.ask(at("DNASE/0"));
    await vi.advanceTimersByTimeAsync(10);
    source.forget("c", ["DNASE/0"]);
    answer();
    await early;
    void source.ask(at("DNASE/0"));
    await vi.advanceTimersByTimeAsync(10);
    expect(asked).toHaveLength(2);
  });

  it("asks a second time after a failure, then says what went wrong", async () => {
    let calls = 0;
    const source = new SignalSource(() => {
      calls += 1;
      return Promise.reject(new Error("no answer"));
    });
    const question = source.ask(at("DNASE/0"));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await question).toEqual({ state: "failed", message: "no answer" });
    expect(calls).toBe(2);
  });

  it("asks for no more bins than igv paints", async () => {
    const { asked, source } = server();
    void source.ask(at("DNASE/0", 0, 1_000_000, 1));
    await vi.advanceTimersByTimeAsync(10);
    expect(asked[0]?.maxBins).toBe(4_096);
  });
});
