/** A text: a string, or its bytes where they may not be UTF-8. */
export type Text = string | Uint8Array;
