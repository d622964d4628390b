// Compiled against the installed package: its types say what its functions take and give.
import init, { buildImage, format, LayerwrightError, lint, openImage, parse, plan, saveImage, type Finding, type ParsedDockerfile } from 'layerwright';
import initLint, { lint as lintSmall } from 'layerwright/lint';

await init();
await initLint();
const findings: Finding[] = lint('FROM scratch\n', { profile: 'recommended', ignore: ['DL3006'] }).findings;
const place: [number, number] | undefined = findings[0] && [findings[0].line, findings[0].column];
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

const image = await openImage(new Blob([]), { signal: AbortSignal.timeout(1000), onProgress: (p) => p.done });
const report = await image.verify();
const verdict: 'ok' | 'flag' | 'error' = report.verdict;
const bytes: Uint8Array = await image.readFile('etc/passwd');
const made = await buildImage({ dockerfile: text, context: [{ path: 'a', bytes }] });
const stream: ReadableStream<Uint8Array> = (await saveImage(made, { format: 'oci-layout' })).stream();
export { LayerwrightError, names, plain, words, place, stream, verdict };
