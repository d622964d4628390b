import { type Command, FORMAT } from './command.js';

const command: Command = {
  usage: '',
  about:
    'A language server for Dockerfiles. Editors start it and speak the Language Server Protocol with it; docs/editors.md of the repository says how to set them up.\nSettings come with initializationOptions or workspace/didChangeConfiguration, under "layerwright": profile, enable, ignore, config, buildArgs, target, platform, format, lint.',
  options: {
    stdio: { type: 'boolean', help: 'speak over standard input and output, which is the only way' },
    clientProcessId: { type: 'string', value: 'PID', help: 'the process to end with, as editors tell it' },
    format: { ...FORMAT('lsp'), help: 'always the protocol itself' },
  },
  arguments: [0, 0],
  async run() {
    const { serve } = await import('../lsp.js');
    return serve(process.stdin, process.stdout);
  },
};
export default command;
