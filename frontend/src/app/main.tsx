import "@mantine/core/styles.css";
import "./fonts.css";
import "./app.css";
import "../features/browser/browser.css";
import "../features/models/models.css";
import "../features/browser/pageRecord";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "../api/queries";
import { App } from "./App";
import { ErrorBoundary } from "./ErrorBoundary";
import { theme } from "./theme";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element with id root.");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <ErrorBoundary>
          <App />
        </ErrorBoundary>
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
);
