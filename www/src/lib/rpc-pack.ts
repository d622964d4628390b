// Long lists of strings cross between the threads as one string each: taking tens of thousands apart one by one holds up the page.

/** Lists shorter than this stay as they are. */
const LONG = 500;
const DEPTH = 3;
/** No name of a field that the engine uses. */
const PACKED = '\0strings';

const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.length >= LONG && value.every((item) => typeof item === 'string' && !item.includes('\0'));

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A value as it is sent. */
export function pack(value: unknown, depth = DEPTH): unknown {
  if (isStrings(value)) return { [PACKED]: value.join('\0') };
  if (depth === 0 || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item, depth - 1)]));
}

/** The value that was sent. */
export function unpack(value: unknown, depth = DEPTH): unknown {
  if (!isPlain(value)) return value;
  if (typeof value[PACKED] === 'string') return value[PACKED].split('\0');
  if (depth === 0) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, depth - 1)]));
}
