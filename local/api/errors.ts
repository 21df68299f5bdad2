/** One fault of a request, as the vendor words it. */
export interface Fault {
  field?: string;
  reason: string;
}

/** An answer other than success: a status and the vendor's list of faults. */
export class ApiError extends Error {
  constructor(
    public readonly status: number,
    public readonly faults: readonly Fault[],
    public readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(faults.map(({ field, reason }) => (field ? `[${field}] ${reason}` : reason)).join("; "));
    this.name = "ApiError";
  }
}

export function notFound(): ApiError {
  return new ApiError(404, [{ reason: "Not found" }]);
}

export function refused(reason: string, field?: string): ApiError {
  return new ApiError(400, [field === undefined ? { reason } : { field, reason }]);
}

/** The one 400 that clients retry; they know it by this exact text. */
export function busy(): ApiError {
  return refused("Linode busy.");
}

/** The text of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
