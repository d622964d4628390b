export * from './lint.js';
export { default } from './lint.js';
