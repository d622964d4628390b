// The thread that hashes in browsers: the same module, of which it uses the hash alone.
import { type FromThread, hashServer, type ToThread } from './hashing.js';
import { HashStream, initSync } from './wasm/layerwright.js';

interface Scope {
  postMessage(message: FromThread, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: ToThread | { module: WebAssembly.Module } }) => void) | null;
}

const scope = globalThis as unknown as Scope;
const post: Scope['postMessage'] = (message, transfer) => scope.postMessage(message, transfer);
const answer = hashServer(post, (algorithm) => new HashStream(algorithm));

scope.onmessage = ({ data: message }) => {
  if (!('module' in message)) return answer(message);
  initSync({ module: message.module });
  post({ ready: true }, []);
};
