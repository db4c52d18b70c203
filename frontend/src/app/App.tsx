import { lazy, Suspense, useEffect } from "react";
import { StartPage } from "../features/start/StartPage";
import { Link, usePath } from "../ui/router";
import { Header } from "./Header";

const BrowserPage = lazy(() => import("../features/browser/BrowserPage").then((m) => ({ default: m.BrowserPage })));
const JobsPage = lazy(() => import("../features/jobs/JobsPage").then((m) => ({ default: m.JobsPage })));
const JobPage = lazy(() => import("../features/jobs/JobPage").then((m) => ({ default: m.JobPage })));
const ModelPage = lazy(() => import("../features/models/ModelPage").then((m) => ({ default: m.ModelPage })));
const SettingsPage = lazy(() => import("../features/settings/SettingsPage").then((m) => ({ default: m.SettingsPage })));

function Page({ path }: { path: string }) {
  if (path === "/") return <StartPage />;
  if (path === "/view") return <BrowserPage />;
  if (path === "/jobs" || path === "/jobs/") return <JobsPage />;
  if (path === "/settings" || path === "/settings/") return <SettingsPage />;
  const job = /^\/jobs\/([^/]+)\/?$/.exec(path)?.[1];
  if (job) return <JobPage key={job} id={job} />;
  const model = /^\/models\/([\w-]+)\/?$/.exec(path)?.[1];
  if (model) return <ModelPage key={model} name={model} />;
  return <UnknownPage path={path} />;
}

function UnknownPage({ path }: { path: string }) {
  useEffect(() => {
    document.title = "Not found · Allelens";
  }, []);
  return (
    <main className="page narrow" data-testid="page-unknown">
      <h1>There is no page here</h1>
      <p>
        <code>{path}</code> leads nowhere. The link may be cut short, or the page has moved.
      </p>
      <p>
        <Link href="/">Go to the start page</Link> or <Link href="/jobs">look through recent jobs</Link>.
      </p>
    </main>
  );
}

export function App() {
  const path = usePath();
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <div id="main" className={path === "/view" ? "main main-view" : "main"} tabIndex={-1}>
        <Suspense fallback={<p className="page loading">Loading the page …</p>}>
          <Page path={path} />
        </Suspense>
      </div>
    </>
  );
}
