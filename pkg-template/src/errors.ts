/** What every function of this package throws: a stable `code` for programs, a `message` a person can act on. */
export class LayerwrightError extends Error {
  override readonly name = 'LayerwrightError';
  /** Stable and documented, such as `LAYER_DIGEST_MISMATCH`. */
  readonly code: string;
  /** Where it happened: offsets, digests, paths, lines, as the code's documentation says. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  toJSON() {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Errors of the core are plain `Error`s with a code: this makes them ours, and leaves others alone. */
export function ours(error: unknown): unknown {
  if (error instanceof Error && !(error instanceof LayerwrightError) && typeof (error as { code?: unknown }).code === 'string' && 'details' in error) {
    const { code, details } = error as Error & { code: string; details: unknown };
    return new LayerwrightError(code, error.message, (details ?? {}) as Record<string, unknown>, { cause: error });
  }
  return error;
}
