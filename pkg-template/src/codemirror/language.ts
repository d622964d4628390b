// A Dockerfile line by line, at once and on the page's own thread: enough for colours, while the engine reads it properly.
import { StreamLanguage, type StringStream } from '@codemirror/language';
import { tags } from '@lezer/highlight';

const INSTRUCTIONS = /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|$)/i;

interface State {
  instruction: string;
  /** The next line goes on with this instruction. */
  continued: boolean;
  /** How many words of the instruction were read. */
  words: number;
  lastWord: string;
  heredocs: string[];
  inHeredoc: boolean;
  stages: readonly string[];
  escape: string;
  directives: boolean;
}

function word(stream: StringStream, state: State): string | null {
  if (stream.match(/^\$\{[^}]*\}?|^\$[A-Za-z_]\w*/)) return 'variableName';
  if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'[^']*'?/)) return 'string';
  const atStart = stream.sol() || /\s/.test(stream.string[stream.pos - 1] ?? ' ') || stream.pos === 0;
  if (atStart) {
    const flag = stream.match(/^--[\w-]+(=)?/) as RegExpMatchArray | null;
    if (flag && state.instruction !== 'RUN') return 'flag';
    if (flag && state.words === 0) {
      stream.match(/^\S+/);
      return 'flag';
    }
    if (flag) return null;
    state.words += 1;
    if (state.instruction === 'FROM') {
      const name = stream.match(/^[\w.-]+(?=\s|$)/) as RegExpMatchArray | null;
      if (name) {
        const before = state.lastWord;
        state.lastWord = name[0];
        if (/^as$/i.test(name[0]) && state.words > 1) return 'keyword';
        if (/^as$/i.test(before)) {
          state.stages = [...state.stages, name[0].toLowerCase()];
          return 'stage';
        }
        return state.stages.includes(name[0].toLowerCase()) ? 'stage' : null;
      }
      state.lastWord = '';
    }
    if ((state.instruction === 'ENV' || state.instruction === 'ARG' || state.instruction === 'LABEL') && stream.match(/^[\w.-]+(?==)/)) return 'variableName';
    if (state.words === 1 && (state.instruction === 'ENV' || state.instruction === 'ARG') && stream.match(/^[\w.-]+(?=\s|$)/)) return 'variableName';
    if (state.words === 1 && (state.instruction === 'ONBUILD' || state.instruction === 'HEALTHCHECK') && stream.match(/^[A-Za-z]+/)) return 'keyword';
    const here = stream.match(/^<<-?(["']?)([\w.-]+)\1/) as RegExpMatchArray | null;
    if (here && (state.instruction === 'RUN' || state.instruction === 'COPY' || state.instruction === 'ADD')) {
      state.heredocs.push(here[2] ?? '');
      return 'string';
    }
  }
  // After `--from=`: the name of a stage.
  if (stream.string.slice(0, stream.pos).endsWith('--from=')) {
    const from = stream.match(/^[\w.-]+/) as RegExpMatchArray | null;
    if (from) return state.stages.includes(from[0].toLowerCase()) ? 'stage' : null;
  }
  if (!stream.match(/^[^\s"'$\\`]+/)) stream.next();
  return null;
}

/** The language of Dockerfiles. Flags have the tag `attributeName`, stages `className`. */
export const dockerfileLanguage = StreamLanguage.define<State>({
  name: 'dockerfile',
  startState: () => ({ instruction: '', continued: false, words: 0, lastWord: '', heredocs: [], inHeredoc: false, stages: [], escape: '\\', directives: true }),
  copyState: (state) => ({ ...state, heredocs: [...state.heredocs] }),
  blankLine(state) {
    state.directives = false;
  },
  token(stream, state) {
    if (stream.sol()) {
      if (state.heredocs.length > 0 && !state.continued) state.inHeredoc = true;
      if (state.inHeredoc) {
        if (stream.string.trim() === state.heredocs[0]) {
          state.heredocs.shift();
          state.inHeredoc = state.heredocs.length > 0;
          stream.skipToEnd();
          return 'string';
        }
        stream.skipToEnd();
        return null;
      }
      const comment = stream.match(/^\s*#.*/) as RegExpMatchArray | null;
      if (comment) {
        const escape = /^#\s*escape\s*=\s*([\\`])/i.exec(stream.string);
        if (state.directives && escape?.[1]) state.escape = escape[1];
        if (!/^#\s*\w+\s*=/.test(stream.string)) state.directives = false;
        return 'comment';
      }
      state.directives = false;
      if (!state.continued) {
        state.instruction = '';
        state.words = 0;
        state.lastWord = '';
      }
      state.continued = stream.string.trimEnd().endsWith(state.escape);
      if (stream.eatSpace()) return null;
    }
    if (state.instruction === '') {
      const name = stream.match(INSTRUCTIONS) as RegExpMatchArray | null;
      if (name) {
        state.instruction = name[0].toUpperCase();
        return 'keyword';
      }
      state.instruction = '?';
    }
    if (stream.eatSpace()) return null;
    return word(stream, state);
  },
  languageData: { commentTokens: { line: '#' } },
  tokenTable: { stage: tags.className, flag: tags.attributeName },
});
