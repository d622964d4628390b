// Compiled against the installed package: its types say what its functions take and give.
import init, {
  buildImage, completions, definition, folding, format, hover, LayerwrightError, lint, openImage, parse, plan, prepareRename, references, rename, saveImage, semanticTokens, symbols,
  type Completion, type DocumentSymbol, type Finding, type ParsedDockerfile, type SemanticToken, type TextRange,
} from 'layerwright';
import initLint, { lint as lintSmall } from 'layerwright/lint';

await init();
await initLint();
const findings: Finding[] = lint('FROM scratch\n', { profile: 'recommended', ignore: ['DL3006'] }).findings;
const at: [number, number] | undefined = findings[0] && [findings[0].line, findings[0].column];
lintSmall(new Uint8Array());
// @ts-expect-error an unknown option
lint('', { profil: 'all' });
// @ts-expect-error an unknown profile
lint('', { profile: 'none' });

const text: string = format('from scratch');
const parsed = parse(text);
const plain: ParsedDockerfile = parsed.toJSON();
const words: string[] = parsed.instructions.flatMap((i) => i.args.map((a) => a.text));
const planned = plan(text, { target: 'x', buildArgs: { A: '1' } });
const names: (string | undefined)[] = planned.stages.map((s) => s.name);

const [choice]: Completion[] = completions(text, 0, { buildArgs: { A: '1' }, platform: 'linux/arm64' });
const insert: string | undefined = choice && choice.insert.slice(choice.start - choice.end);
const documentation: string | undefined = hover(text, 0)?.contents;
const edits: { start: number; end: number; text: string }[] = rename(text, 0, 'b');
const named: boolean[] = references(text, 0).map((r) => r.definition);
const outline: DocumentSymbol[] = symbols(text);
const colours: SemanticToken['type'][] = semanticTokens(text).map((t) => t.type);
const renameable: string | undefined = prepareRename(text, 0)?.name;
const defined: TextRange | undefined = definition(text, 0);
const folds: ('stage' | 'instruction' | 'heredoc' | 'comment')[] = folding(text).map((f) => f.kind);
// @ts-expect-error an unknown option
completions('', 0, { buildargs: {} });

const image = await openImage(new Blob([]), { signal: AbortSignal.timeout(1000), onProgress: (p) => p.done });
const report = await image.verify();
const verdict: 'ok' | 'flag' | 'error' = report.verdict;
const bytes: Uint8Array = await image.readFile('etc/passwd');
const made = await buildImage({ dockerfile: text, context: [{ path: 'a', bytes }] });
const stream: ReadableStream<Uint8Array> = (await saveImage(made, { format: 'oci-layout' })).stream();
export { at, colours, defined, documentation, edits, folds, insert, LayerwrightError, named, names, outline, plain, words, renameable, stream, verdict };
