// The thread that hashes in browsers: the same module, of which it uses the hash alone.
import type { FromThread, ToThread } from './hashing.js';
import { HashStream, initSync } from './wasm/layerwright.js';

interface Scope {
  postMessage(message: FromThread, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: ToThread | { module: WebAssembly.Module } }) => void) | null;
}

const scope = globalThis as unknown as Scope;
const streams = new Map<number, HashStream>();

scope.onmessage = ({ data: message }) => {
  if ('module' in message) {
    initSync({ module: message.module });
    return scope.postMessage({ ready: true }, []);
  }
  const { number } = message;
  try {
    if ('algorithm' in message) streams.set(number, new HashStream(message.algorithm));
    else if ('bytes' in message) {
      streams.get(number)?.update(new Uint8Array(message.bytes, 0, message.length));
      scope.postMessage({ bytes: message.bytes }, [message.bytes]);
    } else {
      const stream = streams.get(number);
      streams.delete(number);
      if (stream && 'end' in message) scope.postMessage({ number, hash: stream.digest() }, []);
      stream?.free();
    }
  } catch (error) {
    scope.postMessage({ number, failed: error instanceof Error ? error.message : String(error) }, []);
  }
};
