import { errorFrom, isAbort, OfflineError } from "./errors";

/** The CSRF token that Django leaves in a cookie for pages of its own. */
function csrfToken(): string | null {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? null;
}

/** `fetch` that throws the API's own sentences: `ApiError` for refusals, `OfflineError` for silence. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", headers.get("Accept") ?? "application/json");
  const token = init.method && init.method !== "GET" ? csrfToken() : null;
  if (token) headers.set("X-CSRFToken", token);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new OfflineError();
  }
  if (!response.ok) throw errorFrom(response.status, await response.json().catch(() => null));
  return response;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  return (await response.json()) as T;
}

export async function postJson<T>(path: string, body?: unknown): Promise<T> {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  return (await response.json()) as T;
}
