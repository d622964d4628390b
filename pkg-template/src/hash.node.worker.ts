// The thread that hashes in Node and Bun, with their own hash.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { type FromThread, hashServer } from './hashing.js';

const post = (message: FromThread, transfer: ArrayBuffer[]): void => parentPort?.postMessage(message, transfer);
parentPort?.on('message', hashServer(post, createHash));
post({ ready: true }, []);
