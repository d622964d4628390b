import { type Command, complain, FORMAT, text } from './command.js';
import { open, IMAGE_OPTIONS } from './image.js';

const command: Command = {
  usage: 'IMAGE PATH...',
  about: 'Prints files of the merged root filesystem, byte for byte. Symbolic links are followed inside the image.',
  options: { ...IMAGE_OPTIONS, format: FORMAT('raw', 'json') },
  arguments: [2, Infinity],
  examples: [['layerwright cat api.tar etc/os-release', 'print one file']],
  async run(args) {
    const [source, ...paths] = args.positionals as [string, ...string[]];
    const image = await open(source, args);
    const json = text(args, 'format') === 'json';
    const found: { path: string; size: number; base64: string }[] = [];
    let status = 0;
    try {
      for (const path of paths) {
        try {
          const bytes = await image.readFile(path, { platform: text(args, 'platform') });
          if (json) found.push({ path, size: bytes.length, base64: Buffer.from(bytes).toString('base64') });
          else await new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
        } catch (error) {
          complain(error as Error, path);
          status = 1;
        }
      }
      if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    } finally {
      image[Symbol.dispose]();
    }
    return status;
  },
};
export default command;
