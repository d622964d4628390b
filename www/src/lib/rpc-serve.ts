// The workers' side of the message layer.
import { pack } from './rpc-pack.ts';
import type { CallContext, FromWorker, Methods, ToWorker, WireError } from './rpc-types.ts';

/** Answers calls in a worker. */
export function serve<Api extends object>(methods: Methods<Api>): void {
  const running = new Map<number, AbortController>();
  const send = (message: FromWorker, transfer: Transferable[] = []) => (self as unknown as Worker).postMessage(message, transfer);
  self.addEventListener('message', async (event: MessageEvent<ToWorker>) => {
    const message = event.data;
    if ('abort' in message) {
      running.get(message.id)?.abort();
      return;
    }
    const { id, method, params } = message;
    const controller = new AbortController();
    running.set(id, controller);
    const buffers: Transferable[] = [];
    const context: CallContext = {
      signal: controller.signal,
      onProgress: (progress) => send({ id, progress }),
      transfer: (...more) => void buffers.push(...more),
    };
    try {
      const call = (methods as unknown as Record<string, (params: unknown, context: CallContext) => unknown>)[method];
      if (!call) throw new Error(`no method ${method}`);
      const value = await call(params, context);
      send({ id, value: pack(value) }, buffers);
    } catch (error) {
      send({ id, error: describe(error) });
    } finally {
      running.delete(id);
    }
  });
}

function describe(error: unknown): WireError {
  if (error instanceof Error) {
    const { code, details } = error as { code?: unknown; details?: unknown };
    const known = typeof code === 'string' ? code : error.name === 'AbortError' ? 'ABORTED' : 'INTERNAL';
    return { code: known, message: error.message, details: details === undefined ? undefined : JSON.parse(JSON.stringify(details)) };
  }
  return { code: 'INTERNAL', message: String(error) };
}
