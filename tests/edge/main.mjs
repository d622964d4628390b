// The edge worker as it is published.
export { default } from './layerwright/edge/worker.js';
