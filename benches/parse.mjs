// Parsing in wasm under Node, beside dockerfile-ast.
import { corpus } from './corpus.mjs';

export default async function parse() {
  const { parse } = await import('../dist/lint.node.js');
  const { DockerfileParser } = await import('dockerfile-ast');
  const { name, texts } = corpus();
  const bytes = texts.reduce((n, t) => n + Buffer.byteLength(t), 0);
  return {
    title: `parse: ${name}`,
    pairs: [
      {
        name: 'to plain objects in Node, beside dockerfile-ast',
        work: bytes,
        ours: () => texts.forEach((t) => parse(t)),
        reference: () => texts.forEach((t) => DockerfileParser.parse(t).getInstructions().forEach((i) => i.getArguments())),
      },
    ],
  };
}
