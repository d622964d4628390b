import { combine } from './combine.js';
import { type Command, FORMAT, list, pairs, text } from './command.js';
import { OUTPUT_OPTIONS } from './output.js';

const command: Command = {
  usage: 'IMAGE...',
  about: 'Makes one image for several platforms: an index over the images given, which keep their bytes.',
  options: {
    ...OUTPUT_OPTIONS,
    tag: { type: 'string', short: 't', multiple: true, value: 'NAME', help: 'name the index; may be repeated' },
    annotation: { type: 'string', multiple: true, value: 'NAME=VALUE', help: 'set an annotation of the index; may be repeated' },
    'media-types': { type: 'string', value: 'FAMILY', choices: ['oci', 'docker'], help: 'the media type of the index: oci or docker (default: oci)' },
    format: { ...FORMAT('text', 'json'), short: undefined },
  },
  arguments: [1, Infinity],
  examples: [['layerwright index amd64.tar arm64.tar -t app:1 -o app.tar', 'two platforms under one name']],
  run: (args) =>
    combine(args, { what: 'Putting together', json: text(args, 'format') === 'json' }, { index: true, tags: list(args, 'tag'), annotations: pairs(args, 'annotation'), mediaTypes: (text(args, 'media-types') ?? 'oci') as 'oci' | 'docker' }),
};
export default command;
