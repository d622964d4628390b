#!/usr/bin/env node
// The command line. Each command is a file in cli/; it is loaded when it is asked for.
import module from 'node:module';
import { complain, type Command, UsageError, helpOf, parse } from './cli/command.js';
import { paint, stdoutStyle } from './cli/terminal.js';
import { didYouMean } from './config/nearest.js';

const COMMANDS: Record<string, { summary: string; load: () => Promise<{ default: Command }> }> = {
  lint: { summary: 'find problems in Dockerfiles, and fix them', load: () => import('./cli/lint.js') },
  format: { summary: 'lay out Dockerfiles evenly', load: () => import('./cli/format.js') },
  plan: { summary: 'show what a build would make: stages, layers, config', load: () => import('./cli/plan.js') },
  build: { summary: 'make an image from a Dockerfile and its context', load: () => import('./cli/build.js') },
  mutate: { summary: 'make an image of another: config, layers, base, compression', load: () => import('./cli/mutate.js') },
  index: { summary: 'make one image of several platforms', load: () => import('./cli/index.js') },
  save: { summary: 'write images in another form, or several in one', load: () => import('./cli/save.js') },
  inspect: { summary: 'show an image: manifests, config, layers', load: () => import('./cli/inspect.js') },
  ls: { summary: 'list the files of an image', load: () => import('./cli/ls.js') },
  find: { summary: 'look for files of an image: by name, size, owner, text', load: () => import('./cli/find.js') },
  cat: { summary: 'print files of an image', load: () => import('./cli/cat.js') },
  export: { summary: 'write the filesystem of an image as one tar', load: () => import('./cli/export.js') },
  analyze: { summary: 'show what is in an image and what is wasted, layer by layer', load: () => import('./cli/analyze.js') },
  who: { summary: 'tell which layers touched a path', load: () => import('./cli/who.js') },
  history: { summary: 'show how an image was made, layer by layer', load: () => import('./cli/history.js') },
  compare: { summary: 'compare two images: layers, config, files, and why they differ', load: () => import('./cli/compare.js') },
  verify: { summary: 'check every digest of an image and what it claims', load: () => import('./cli/verify.js') },
  lsp: { summary: 'serve editors: diagnostics, fixes, completion and more, over standard input and output', load: () => import('./cli/lsp.js') },
  explain: { summary: 'tell what a lint rule finds, why, and what to write instead', load: () => import('./cli/explain.js') },
  rules: { summary: 'list the lint rules, or explain one', load: () => import('./cli/rules.js') },
};

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    if (name === 'help' && rest[0]) return main([rest[0], '--help']);
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-V' || name === 'version') {
    const { version } = await import('./lint.node.js');
    process.stdout.write(`layerwright ${version()}\n`);
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) throw new UsageError(`There is no command "${name}".${didYouMean(name, Object.keys(COMMANDS))} Run "layerwright help" for the list.`);
  const command = (await entry.load()).default;
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(helpOf(name, entry.summary, command));
    return 0;
  }
  return command.run(parse(name, command, rest));
}

function overview(): string {
  const { bold } = paint(stdoutStyle());
  const width = Math.max(...Object.keys(COMMANDS).map((n) => n.length));
  return `${bold('layerwright')}: container images and Dockerfiles, without a daemon

Usage: layerwright COMMAND [OPTIONS] [ARGUMENTS]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${bold(name.padEnd(width))}  ${summary}`)
  .join('\n')}

"layerwright COMMAND --help" tells a command's options. A file named "-" is standard input.
Exit status: 0 all is well, 1 findings or a failed check, 2 wrong usage or unreadable input.
`;
}

/** Ends the work: quietly where the reader went away (`layerwright ls x | head`). */
function end(error: Error): void {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE' && syscall === 'write') process.exit(0);
  complain(error);
  process.exitCode = 2;
}

// What a stream meets once its writer has moved on. Listening to the stream itself would set it up, used or not.
process.on('uncaughtException', (error) => {
  end(error);
  process.exit();
});

// Node from 22.1 keeps what it compiled of the files loaded from here on.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
}, end);
