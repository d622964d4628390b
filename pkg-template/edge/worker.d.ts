/** Answers `POST /lint` and `POST /inspect` with JSON. */
export function handle(request: Request): Promise<Response>;

declare const worker: { fetch(request: Request): Promise<Response> };
export default worker;
