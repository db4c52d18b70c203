import { Component, type ReactNode } from "react";

/** The last net: a fault of ours is said in words, and the way back is offered. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <main className="page narrow" role="alert">
        <h1>This page has stumbled</h1>
        <p>
          A fault in the page itself stopped it: <code>{this.state.error.message}</code>. Nothing stored is lost;
          running jobs go on.
        </p>
        <p>
          <a href={location.href}>Load the page again</a> or <a href="/">go to the start page</a>.
        </p>
      </main>
    );
  }
}
