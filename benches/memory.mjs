// Memory: the peak while an image of 10 GB is opened and verified, and the index of a layer with a million entries.
// The image is made as it is read and stored nowhere. Each figure comes from a process of its own.
import { inRoot, run } from '../scripts/lib/shell.mjs';

const measure = async (what) => (await run(process.execPath, ['--expose-gc', inRoot('benches', 'memory.child.mjs'), what])).stdout.trim();

export default function memory() {
  return {
    title: 'memory: resident bytes above those of the process before it begins',
    figures: [
      { name: 'peak while a 10 GB image of four gzip layers is opened and verified', measure: () => measure('image') },
      { name: 'peak while a layer with a million entries is indexed', measure: () => measure('entries') },
      { name: 'of that the index of the million entries', measure: () => measure('index') },
    ],
  };
}
