import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useEngines } from "../api/queries";
import { modelPage } from "../features/models/report";
import { useView } from "../features/browser/viewStore";
import { SearchBox } from "../features/search/SearchBox";
import { Icon } from "../ui/icons";
import { Link, usePath } from "../ui/router";

export function Header() {
  const path = usePath();
  const { engine: name, organism } = useView(({ view }) => view);
  const engines = useEngines();
  const engine = engines.data?.find((candidate) => candidate.name === name);
  const assembly = engine?.organisms.find((candidate) => candidate.organism === organism)?.assembly;
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";

  return (
    <header className="header">
      <Link href="/" className="brand" aria-label="Allelens, start page">
        <svg viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">
          <path d="M1 17h8c3 0 3-7 7-7s4 7 7 7h8" className="brand-ref" />
          <path d="M1 17h8c3.5 0 3-14.5 7-14.5S19.5 17 23 17h8" className="brand-alt" />
        </svg>
        Allelens
      </Link>
      {path === "/" ? (
        <span className="header-space" />
      ) : (
        <SearchBox assembly={assembly} setting={{ engine: name, organism }} placeholder="variant · gene · region" />
      )}
      <nav className="header-links" aria-label="Main">
        {engine ? (
          <Link href={modelPage(engine.name)} className="who-answers" title={engine.description} data-testid="nav-model">
            {assembly} · {engine.title}
          </Link>
        ) : null}
        <Link href="/jobs" data-testid="nav-jobs" aria-current={path.startsWith("/jobs") ? "page" : undefined}>
          Jobs
        </Link>
        {/* The API's pages are Django's: a full load, not a route of ours. */}
        <a href="/api/docs/">API</a>
        <Link href="/settings" data-testid="nav-settings" aria-current={path.startsWith("/settings") ? "page" : undefined}>
          Settings
        </Link>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={`Switch to ${other} colours`}
          title={`Switch to ${other} colours`}
          onClick={() => setColorScheme(other)}
          data-testid="colour-scheme"
        >
          <Icon name={scheme === "dark" ? "sun" : "moon"} />
        </ActionIcon>
      </nav>
    </header>
  );
}
