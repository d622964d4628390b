// What `parse` answers: the instructions made from a table of numbers and the text, all else asked for when it is used.
import type { Lines, ParsedDiagnostic, ParsedDockerfile, ParsedFlag, ParsedHeredoc, ParsedInstruction, ParsedWord, Position, Range } from './wasm/lint.js';

/** A parsed Dockerfile. Its parts are made when they are first used; `toJSON()` gives all of it as plain data, as `JSON.stringify` does, for `postMessage` and the like. */
export interface LazyDockerfile extends ParsedDockerfile {
  /** All of it as plain data. */
  toJSON(): ParsedDockerfile;
}

/** The whole file as plain data, made by the engine when something outside the table is asked for. */
type Whole = () => ParsedDockerfile;

export class Parsed implements LazyDockerfile {
  #whole: Whole;
  #text: string;
  #table: Uint32Array;
  #instructions: ParsedInstruction[] | undefined;

  /** A file that is whole already. */
  static of(whole: ParsedDockerfile): Parsed {
    const parsed = new Parsed('', new Uint32Array(), () => whole);
    parsed.#instructions = whole.instructions;
    return parsed;
  }

  constructor(text: string, table: Uint32Array, whole: Whole) {
    let made: ParsedDockerfile | undefined;
    this.#whole = () => (made ??= whole());
    this.#text = text;
    this.#table = table;
  }

  get instructions(): ParsedInstruction[] {
    return (this.#instructions ??= new Reader(this.#text, this.#table, this.#whole).instructions());
  }
  get escape() {
    return this.#whole().escape;
  }
  get directives() {
    return this.#whole().directives;
  }
  get comments() {
    return this.#whole().comments;
  }
  get stages() {
    return this.#whole().stages;
  }
  get globalArgs() {
    return this.#whole().globalArgs;
  }
  get diagnostics() {
    return this.#whole().diagnostics;
  }
  get syntaxError() {
    return this.#whole().syntaxError;
  }
  get error() {
    return this.#whole().error;
  }
  toJSON(): ParsedDockerfile {
    return this.#whole();
  }
}

/** An instruction: what is written was read from the table, what it means comes from the whole. */
class Instruction implements ParsedInstruction {
  name: string;
  keyword: string;
  flags: ParsedFlag[];
  args: ParsedWord[];
  json: boolean;
  lines: Lines;
  range: Range;
  #whole: Whole;
  #index: number;

  constructor(name: string, keyword: string, flags: ParsedFlag[], args: ParsedWord[], json: boolean, lines: Lines, range: Range, whole: Whole, index: number) {
    this.name = name;
    this.keyword = keyword;
    this.flags = flags;
    this.args = args;
    this.json = json;
    this.lines = lines;
    this.range = range;
    this.#whole = whole;
    this.#index = index;
  }

  get heredocs(): ParsedHeredoc[] {
    return this.toJSON().heredocs;
  }
  get child(): ParsedInstruction | undefined {
    return this.toJSON().child;
  }
  get value() {
    return this.toJSON().value;
  }
  get error(): ParsedDiagnostic | undefined {
    return this.toJSON().error;
  }
  toJSON(): ParsedInstruction {
    return this.#whole().instructions[this.#index]!;
  }
}

/** The text of a word is as written, or its UTF-16 units follow, or so many pieces of the text. As in `dockerfile::table`. */
const AS_WRITTEN = 0;
const DECODED = 0xffff_ffff;

/** Reads the table that `dockerfile::table` of the crate describes. */
class Reader {
  #text: string;
  #table: Uint32Array;
  #whole: Whole;
  #at = 0;
  /** Offset of each line, and of the end. */
  #lines = [0];
  /** The line of the last position, from 1: the next one is most often there too. */
  #line = 1;
  /** The last word. */
  #range!: Range;

  constructor(text: string, table: Uint32Array, whole: Whole) {
    this.#text = text;
    this.#table = table;
    this.#whole = whole;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1);
    this.#lines.push(Infinity);
  }

  instructions(): ParsedInstruction[] {
    const found: ParsedInstruction[] = [];
    while (this.#at < this.#table.length) {
      const range = this.#span();
      const lines = { from: this.#next(), to: this.#next() };
      const bits = this.#next();
      const keyword = this.#word();
      const flags: ParsedFlag[] = [];
      for (let n = this.#next(); n > 0; n--) {
        const text = this.#word();
        const equals = text.indexOf('=');
        const start = text.startsWith('--') ? 2 : 0;
        flags.push(equals < 0 ? { text, name: text.slice(start), range: this.#range } : { text, name: text.slice(start, equals), value: text.slice(equals + 1), range: this.#range });
      }
      const args: ParsedWord[] = [];
      for (let n = this.#next(); n > 0; n--) args.push({ text: this.#word(), range: this.#range });
      found.push(new Instruction(bits & 1 ? keyword.toUpperCase() : 'UNKNOWN', keyword, flags, args, (bits & 2) !== 0, lines, range, this.#whole, found.length));
    }
    return found;
  }

  #next(): number {
    return this.#table[this.#at++]!;
  }

  /** Reads a word: gives its text, and keeps its range. */
  #word(): string {
    const { start, end } = (this.#range = this.#span());
    const form = this.#next();
    if (form === AS_WRITTEN) return this.#text.slice(start.offset, end.offset);
    let text = '';
    if (form === DECODED) for (let n = this.#next(); n > 0; n--) text += String.fromCharCode(this.#next());
    else for (let n = form; n > 0; n--) text += this.#text.slice(this.#next(), this.#next());
    return text;
  }

  #span(): Range {
    return { start: this.#position(this.#next()), end: this.#position(this.#next()) };
  }

  #position(offset: number): Position {
    const starts = this.#lines;
    if (offset < starts[this.#line - 1]! || offset >= starts[this.#line]!) {
      let low = 1;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle - 1]! <= offset) low = middle;
        else high = middle - 1;
      }
      this.#line = low;
    }
    return { line: this.#line, column: offset - starts[this.#line - 1]! + 1, offset };
  }
}
