/** What the API says when it refuses: one sentence for people, a code for programs. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly field: string | null;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, field: string | null = null, details: unknown = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
    this.details = details;
  }
}

/** No answer at all: the server is not running, or the network is gone. */
export class OfflineError extends Error {
  override name = "OfflineError";
  constructor() {
    super("Allelens does not answer. Check that it is still running; this page goes on by itself when it is back.");
  }
}

export function errorFrom(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null && "message" in body && typeof body.message === "string") {
    const { code, field, details } = body as { code?: unknown; field?: unknown; details?: unknown };
    return new ApiError(
      status,
      typeof code === "string" ? code : "error",
      body.message,
      typeof field === "string" ? field : null,
      details ?? null,
    );
  }
  return new ApiError(status, "error", `The server answered ${status} without saying why. Try again in a moment.`);
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
