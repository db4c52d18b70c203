import createClient, { type Middleware } from "openapi-fetch";
import { errorFrom, isAbort, OfflineError } from "./errors";
import type { paths } from "./schema";

/** The CSRF token that Django leaves in a cookie for pages of its own. */
function csrfToken(): string | null {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? null;
}

const ownPage: Middleware = {
  onRequest({ request }) {
    const token = request.method === "GET" ? null : csrfToken();
    if (token) request.headers.set("X-CSRFToken", token);
    return request;
  },
  /** Refusals are thrown with the API's own sentence. */
  async onResponse({ response }) {
    if (!response.ok) throw errorFrom(response.status, await response.json().catch(() => null));
  },
  onError({ error }) {
    return isAbort(error) && error instanceof Error ? error : new OfflineError();
  },
};

/** Every call of the API goes through here: typed by the schema, failing with `ApiError` or `OfflineError`. */
export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(ownPage);

/** The body of an answer; the middleware has thrown already where there is none. */
export function body<T>({ data }: { data?: T }): NonNullable<T> {
  if (data === undefined || data === null) throw new Error("The server's answer was empty.");
  return data;
}
