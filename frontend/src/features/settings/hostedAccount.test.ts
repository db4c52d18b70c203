import { describe, expect, it } from "vitest";
import type { HostedAccount } from "../../api/types";
import { acceptance, keyState, missing, withAddress } from "./hostedAccount";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const NOBODY: HostedAccount = {
  address: "dns:///service.example.org:443",
  terms: "Sequences are sent away, under terms which stand at https://example.org/terms",
  key_is_set: false,
  key_from_environment: false,
  problem: "No key of the hosted service is set.",
  connect_command: "python -m predictor connect-hosted",
  may_change: true,
  accepted_by: null,
  accepted: null,
  set_by: null,
  changed: null,
};
const SET: HostedAccount = {
  ...NOBODY,
  key_is_set: true,
  problem: "",
  accepted_by: "ada",
  accepted: "2026-11-20T12:00:00Z",
  set_by: "grace",
  changed: "2026-11-29T11:56:00Z",
};

describe("the state of the key", () => {
  it("says that there is none", () => {
    expect(keyState(NOBODY, NOW)).toEqual({ kind: "none", sentence: "No key is set." });
    expect(acceptance(NOBODY, NOW)).toBeNull();
  });

  it("says who set it and when, and who accepted the terms and when", () => {
    expect(keyState(SET, NOW)).toEqual({ kind: "set", sentence: "A key is set, by grace, 4 min ago." });
    expect(acceptance(SET, NOW)).toBe("ada accepted the terms 20 Nov 2026.");
  });

  it("belongs to nobody where the environment has it", () => {
    const state = keyState({ ...SET, key_from_environment: true, set_by: null, changed: null }, NOW);
    expect(state.kind).toBe("environment");
    expect(state.sentence).toContain("cannot be changed here");
  });
});

describe("what is missing before a key is sent", () => {
  it("is the key, then the terms", () => {
    expect(missing(NOBODY, "  ", true)).toContain("key");
    expect(missing(NOBODY, "k-1", false)).toContain("terms");
    expect(missing(NOBODY, "k-1", true)).toBe("");
  });

  it("is never the terms where they were accepted once", () => {
    expect(missing(SET, "k-2", false)).toBe("");
  });
});

it("finds the address in the terms, so that it can be followed", () => {
  expect(withAddress(NOBODY.terms)).toEqual(["Sequences are sent away, under terms which stand at ", "https://example.org/terms", ""]);
  expect(withAddress("no address")).toEqual(["no address", "", ""]);
});
