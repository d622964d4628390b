// Parsing natively and in wasm under Node, beside dockerfile-ast. All sides read the same of every instruction: its
// keyword, its arguments, and where each begins and ends.
import { corpus, corpusFiles } from './corpus.mjs';
import { native } from './native.mjs';

export default async function parse() {
  const whole = await import('../dist/index.node.js');
  const small = await import('../dist/lint.node.js');
  const { DockerfileParser } = await import('dockerfile-ast');
  const rows = await native('parse');
  const { name, texts } = corpus();
  const { files, bytes } = corpusFiles();
  let read = 0;
  const ours = (parse) => () => {
    for (const text of texts)
      for (const { keyword, range, args } of parse(text).instructions) {
        read += keyword.length + range.start.line + range.end.column;
        for (const arg of args) read += arg.text.length + arg.range.start.line + arg.range.end.column;
      }
  };
  const reference = () => {
    for (const text of texts)
      for (const instruction of DockerfileParser.parse(text).getInstructions()) {
        const range = instruction.getRange();
        read += instruction.getKeyword().length + range.start.line + range.end.character;
        for (const arg of instruction.getArguments()) read += arg.getValue().length + arg.getRange().start.line + arg.getRange().end.character;
      }
  };
  const seconds = (row) => async () => (await rows([`--only=${row}`, '--seconds=0.5', ...files]))[0].seconds;
  return {
    title: `parse: ${name}, beside dockerfile-ast`,
    pairs: [
      { name: 'in Node, the whole module', work: bytes, ours: ours(whole.parse), reference },
      { name: 'in Node, the small module', work: bytes, ours: ours(small.parse), reference },
      { name: 'natively, with all checks', work: bytes, ours: seconds('parse, file by file'), reference },
      { name: 'natively, as one text', work: bytes, ours: seconds('parse, one text'), reference },
    ],
  };
}
