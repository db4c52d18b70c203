import { Button, Checkbox, TextInput } from "@mantine/core";
import { type ReactNode, type SubmitEvent, useState } from "react";
import { sentence } from "../../api/errors";
import { useForgetHostedKey, useSetHostedKey } from "../../api/queries";
import type { HostedAccount } from "../../api/types";
import { Notice } from "../../ui/Notice";
import { Link } from "../../ui/router";
import { modelPage } from "../models/report";
import { acceptance, keyState, missing, withAddress } from "./hostedAccount";

/** The key of the hosted service: how it stands, and for operators a way to set, replace and delete it. */
export function HostedKey({ account }: { account: HostedAccount }) {
  const state = keyState(account);
  const accepted = acceptance(account);
  return (
    <>
      <p>
        With a key of the official AlphaGenome service the engine <Link href={modelPage("hosted")}>hosted</Link> predicts
        real genomes without a GPU of your own.
      </p>
      <dl className="facts">
        <dt>Key</dt>
        <dd data-testid="key-state">{state.sentence}</dd>
        <dt>Service</dt>
        <dd className="mono">{account.address}</dd>
        <dt>Terms</dt>
        <dd>
          {accepted ? (
            <span data-testid="accepted">
              {accepted} <AddressIn text={account.terms}>Read them again</AddressIn>
            </span>
          ) : (
            <Terms text={account.terms} />
          )}
        </dd>
      </dl>
      {state.kind !== "none" && account.problem ? (
        <Notice kind="warning">
          {account.problem}
          {state.kind === "environment" ? (
            <>
              {" "}
              On the server: <code>{account.connect_command} --accept-terms &quot;YOUR NAME&quot;</code>
            </>
          ) : null}
        </Notice>
      ) : null}
      {state.kind === "environment" ? null : account.may_change ? (
        <KeyForm account={account} />
      ) : (
        <Notice kind="remark">Only the operator of this installation may change the key; ask a person with staff rights.</Notice>
      )}
    </>
  );
}

function Terms({ text }: { text: string }) {
  const [before, address, after] = withAddress(text);
  return (
    <>
      {before}
      <AddressIn text={text}>{address.replace("https://", "")}</AddressIn>
      {after}.
    </>
  );
}

/** A link to the address that a text names; nothing where it names none. */
function AddressIn({ text, children }: { text: string; children: ReactNode }) {
  const [, address] = withAddress(text);
  return address ? (
    <a href={address} rel="noreferrer" target="_blank">
      {children}
    </a>
  ) : null;
}

function KeyForm({ account }: { account: HostedAccount }) {
  // The key lives in this field only, and is gone from it once the service has accepted it.
  const [key, setKey] = useState("");
  const [accepts, setAccepts] = useState(false);
  const [lacking, setLacking] = useState("");
  const [done, setDone] = useState(false);
  const send = useSetHostedKey();
  const forget = useForgetHostedKey();
  const set = account.key_is_set;

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const problem = missing(account, key, accepts);
    setLacking(problem);
    setDone(false);
    forget.reset();
    if (problem) return;
    send.mutate(
      { key: key.trim(), accept_terms: accepts },
      {
        onSuccess: () => {
          setKey("");
          setDone(true);
          send.reset();
        },
      },
    );
  }

  return (
    <form className="key-form" onSubmit={submit} aria-label="Key of the hosted service">
      <TextInput
        type="password"
        label={set ? "New key" : "Key"}
        description="It is tried at the service, kept encrypted, and never shown again."
        value={key}
        onChange={({ currentTarget: { value } }) => setKey(value)}
        autoComplete="off"
        spellCheck={false}
        maxLength={500}
        data-testid="hosted-key"
      />
      {account.accepted ? null : (
        <Checkbox
          label="I have read the terms of the service and accept them."
          checked={accepts}
          onChange={({ currentTarget: { checked } }) => setAccepts(checked)}
          data-testid="accept-terms"
        />
      )}
      <div className="key-buttons">
        <Button type="submit" loading={send.isPending} data-testid="set-key">
          {set ? "Replace the key" : "Set the key"}
        </Button>
        {set ? <Forget forget={forget} onBegin={() => setDone(false)} /> : null}
      </div>
      {lacking ? <Notice kind="error">{lacking}</Notice> : null}
      {!lacking && send.isError ? <Notice kind="error">{sentence(send.error)}</Notice> : null}
      {done ? <Notice kind="remark">The service accepts the key; it is used from now on.</Notice> : null}
      {forget.isError ? <Notice kind="error">{sentence(forget.error)}</Notice> : null}
    </form>
  );
}

function Forget({ forget, onBegin }: { forget: ReturnType<typeof useForgetHostedKey>; onBegin: () => void }) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <Button
        variant="default"
        data-testid="forget-key"
        onClick={() => {
          onBegin();
          setAsked(true);
        }}
      >
        Delete the key
      </Button>
    );
  }
  return (
    <span className="key-sure" role="group" aria-label="Delete the key?">
      <span>Jobs that still wait for the service will fail, and the terms must be accepted anew.</span>
      <Button color="red" loading={forget.isPending} onClick={() => forget.mutate()} data-testid="forget-key-surely">
        Delete it
      </Button>
      <Button variant="default" onClick={() => setAsked(false)}>
        Keep it
      </Button>
    </span>
  );
}
