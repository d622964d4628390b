/** A text: a string, or its bytes where they may not be UTF-8. */
export type Text = string | Uint8Array;

/** What a task wants next. */
export type TaskStep =
  | { kind: "read"; source: number; offset: number; length: number }
  | { kind: "progress"; progress: Progress }
  | { kind: "done"; value: unknown };
