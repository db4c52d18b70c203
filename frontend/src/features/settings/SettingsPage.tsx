import { useEffect } from "react";
import { sentence } from "../../api/errors";
import { useHostedAccount } from "../../api/queries";
import { Notice } from "../../ui/Notice";
import { HostedKey } from "./HostedKey";
import "./settings.css";

/** What an operator sets once for everybody who uses this installation. */
export function SettingsPage() {
  const account = useHostedAccount();
  useEffect(() => {
    document.title = "Settings · Allelens";
  }, []);
  return (
    <main className="page narrow settings" data-testid="page-settings">
      <h1>Settings</h1>
      <p className="lead">For everybody who uses this installation.</p>
      <section aria-labelledby="hosted-title">
        <h2 id="hosted-title">Hosted service</h2>
        {account.isPending ? <p className="quiet">Looking for the key …</p> : null}
        {account.isError ? <Notice kind="error">{sentence(account.error)}</Notice> : null}
        {account.data ? <HostedKey account={account.data} /> : null}
      </section>
    </main>
  );
}
