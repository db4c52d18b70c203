import type { HostedAccount } from "../../api/types";
import { ago } from "../../ui/numbers";

/** How things stand with the key, for people. */
export interface KeyState {
  kind: "none" | "set" | "environment";
  sentence: string;
}

export function keyState(account: HostedAccount, now = Date.now()): KeyState {
  if (account.key_from_environment) {
    return { kind: "environment", sentence: "The key comes from the environment of the server, so it cannot be changed here." };
  }
  if (!account.key_is_set) return { kind: "none", sentence: "No key is set." };
  return { kind: "set", sentence: `A key is set, by ${account.set_by ?? "somebody"}, ${ago(account.changed, now)}.` };
}

/** Terms are accepted once for an address; a null stands for nobody yet. */
export function acceptance(account: HostedAccount, now = Date.now()): string | null {
  return account.accepted ? `${account.accepted_by ?? "Somebody"} accepted the terms ${ago(account.accepted, now)}.` : null;
}

/** What is still missing before a key can be sent; empty where nothing is. */
export function missing(account: HostedAccount, key: string, accepts: boolean): string {
  if (key.trim() === "") return "Type or paste the key first.";
  if (!account.accepted && !accepts) return "Read the terms and accept them first.";
  return "";
}

/** A text cut where an address begins and ends, so that the address can be a link. */
export function withAddress(text: string): [string, string, string] {
  const found = /https:\/\/[^\s,;)]+/.exec(text);
  if (!found) return [text, "", ""];
  return [text.slice(0, found.index), found[0], text.slice(found.index + found[0].length)];
}
