// The messages between the page and its workers.

export interface Progress {
  phase: string;
  done: number;
  total?: number;
  unit: string;
  item?: string;
}

export interface WireError {
  code: string;
  message: string;
  details?: unknown;
}

export type Methods<Api> = { [Name in keyof Api]: Api[Name] extends (params: infer P) => infer R ? (params: P, context: CallContext) => R | Promise<R> : never };
export type Params<F> = F extends (params: infer P) => unknown ? P : never;
export type Result<F> = F extends (params: never) => infer R ? Awaited<R> : never;

export interface CallContext {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** Names buffers of the result that may be moved instead of copied. */
  transfer(...buffers: Transferable[]): void;
}

export type ToWorker = { id: number; method: string; params: unknown } | { id: number; abort: true };
export type FromWorker = { id: number; value: unknown } | { id: number; error: WireError } | { id: number; progress: Progress };
