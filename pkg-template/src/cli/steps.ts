// The progress of a build on standard error: step by step, as users of BuildKit know it.
import type { BuildStepEvent, Progress } from '../index.js';
import { clip, paint, progressLine, safe, stderrStyle } from './terminal.js';

export const PROGRESS = ['auto', 'plain', 'json', 'quiet'] as const;

/** Who shows the progress. */
export interface Shown {
  onStep?: (event: BuildStepEvent) => void;
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
  onProgress?: (progress: Progress) => void;
  end(): void;
}

/** `[stage 2/5] COPY . .` */
function title({ stage, step, steps, platform, text }: BuildStepEvent, platforms: boolean): string {
  const before = [platforms ? platform : '', stage ?? ''].filter(Boolean).join(' ');
  return `[${before ? `${before} ` : ''}${step}/${steps}] ${safe(text.split('\n', 1)[0]!)}`;
}

/** The progress in one of the ways that `--progress` names. */
export function steps(mode: (typeof PROGRESS)[number], platforms: boolean): Shown {
  const write = (line: string): void => void process.stderr.write(line);
  if (mode === 'quiet') return { end() {} };
  if (mode === 'json') {
    const line = (value: object) => write(`${JSON.stringify(value)}\n`);
    let began = 0;
    return {
      onStep(event) {
        if (event.state === 'begun') began = performance.now();
        line({ ...event, ...(event.state === 'begun' ? {} : { seconds: seconds(began) }) });
      },
      onOutput: (text, stream) => line({ output: text, stream }),
      end() {},
    };
  }
  if (mode === 'auto' && process.stderr.isTTY) return terminal(platforms);
  let number = 0;
  let began = 0;
  let open = '';
  const flush = (whole: boolean): void => {
    const lines = open.split('\n');
    open = whole ? '' : lines.pop()!;
    for (const text of lines) if (text || !whole) write(`#${number} ${seconds(began).toFixed(3)} ${safe(text.replace(/\r$/, ''))}\n`);
  };
  return {
    onStep(event) {
      if (event.state === 'begun') {
        began = performance.now();
        write(`#${++number} ${title(event, platforms)}\n`);
        return;
      }
      flush(true);
      write(`#${number} ${event.state === 'cached' ? 'CACHED' : event.state === 'skipped' ? 'LEFT OUT' : `DONE ${seconds(began).toFixed(1)}s`}\n\n`);
    },
    onOutput(text) {
      open += text;
      flush(false);
    },
    end: () => flush(true),
  };
}

const seconds = (began: number): number => Math.round(performance.now() - began) / 1000;

/** On a terminal: what is done stays, what is at hand is a line that changes. */
function terminal(platforms: boolean): Shown {
  const { dim, green, yellow } = paint(stderrStyle());
  let began = performance.now();
  let at = '';
  let last = '';
  const columns = (): number => (process.stderr.columns ?? 80) - 1;
  const clear = '\r\x1b[2K';
  const line = (): void => void process.stderr.write(clear + clip(`${at} ${seconds(began).toFixed(1)}s${last ? `  ${last}` : ''}`, columns()));
  const saving = progressLine('Saving');
  let timer: NodeJS.Timeout | undefined;
  return {
    onStep(event) {
      clearInterval(timer);
      if (event.state === 'begun') {
        began = performance.now();
        at = title(event, platforms);
        last = '';
        line();
        timer = setInterval(line, 100).unref();
        return;
      }
      const took = `${seconds(began).toFixed(1)}s`;
      const what = event.state === 'cached' ? green('CACHED') : event.state === 'skipped' ? yellow('left out') : dim(took);
      process.stderr.write(`${clear}${clip(at, columns() - 10)} ${what}\n`);
    },
    onOutput(text) {
      last = safe(text.trimEnd().split('\n').pop()!.trim());
      line();
    },
    onProgress: (progress) => {
      if (progress.phase === 'save') saving.onProgress?.(progress);
    },
    end() {
      clearInterval(timer);
      saving.end();
      process.stderr.write(clear);
    },
  };
}
