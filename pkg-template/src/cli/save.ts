import { type Command, FORMAT, text } from './command.js';
import { combine } from './combine.js';
import { OUTPUT_OPTIONS } from './output.js';

const command: Command = {
  usage: 'IMAGE...',
  about: 'Writes images in another form: an OCI layout, a folder, an archive for docker load. Several stand side by side in one. Blobs keep their bytes.',
  options: { ...OUTPUT_OPTIONS, format: { ...FORMAT('text', 'json'), short: undefined } },
  arguments: [1, Infinity],
  examples: [
    ['layerwright save layout/ --type docker-archive -o - | docker load', 'from a layout folder into an engine'],
    ['layerwright save app.tar db.tar -o both.tar', 'two images in one archive'],
  ],
  run: (args) => combine(args, { what: 'Saving', json: text(args, 'format') === 'json' }, {}),
};
export default command;
