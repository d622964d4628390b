// What a search found, as a list: by the package's own words, looked for in the worker, texts of files too.
import { useEffect, useState } from 'preact/hooks';
import type { Found } from '../engine/types.ts';
import { exactBytes, plural, size } from '../lib/format.ts';
import { Name, nameText } from '../lib/names.tsx';
import { route, setParams } from '../lib/route.ts';
import { isAbort } from '../lib/rpc.ts';
import type { Progress } from '../lib/rpc-types.ts';
import { useStore } from '../lib/store.ts';
import { VirtualList } from '../ui/list.tsx';
import { Meter } from '../ui/meter.tsx';
import { say } from '../ui/notices.tsx';
import { image, reader } from './state.ts';

/** Words that the tree cannot filter by: they need the worker, or the bytes of the files. */
export const needsSearch = (query: string): boolean => /(?:^|\s)(?:(?:text|type|layer|mode|owner|name|size):|is:setuid\b|[<>]=)|[*?[{"]/.test(query);

/** Milliseconds after the last key before a search begins. */
const REST = 200;

export function Results({ query, layer, onEnter, onField }: { query: string; layer: number | undefined; onEnter(): void; onField(): void }) {
  const generation = useStore(image, (state) => state.generation);
  const path = useStore(route, (now) => now.params.get('f'));
  const [found, setFound] = useState<{ files: Found; query: string }>();
  const [progress, setProgress] = useState<Progress>();
  const [stopped, setStopped] = useState(false);
  const [error, setError] = useState<string>();
  const [again, setAgain] = useState(0);
  const [stop, setStop] = useState<AbortController>();
  useEffect(() => {
    const controller = new AbortController();
    setStop(controller);
    setStopped(false);
    const timer = setTimeout(() => {
      setError(undefined);
      setProgress({ phase: 'search', done: 0, unit: 'files' });
      reader
        .call('search', { text: query, layer }, { signal: controller.signal, onProgress: (now) => !controller.signal.aborted && setProgress(now) })
        .then((files) => {
          if (controller.signal.aborted) return;
          setFound({ files, query });
          setProgress(undefined);
          say(plural(files.count, 'file found', 'files found'));
        })
        .catch((failure: unknown) => {
          // A newer search took over, or a person stopped this one.
          if (controller.signal.aborted && controller.signal.reason !== STOPPED) return;
          setProgress(undefined);
          if (isAbort(failure)) setStopped(true);
          else setError(failure instanceof Error ? failure.message : String(failure));
        });
    }, REST);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [generation, query, layer, again]);

  if (error !== undefined)
    return (
      <p class="no-match bad" role="status">
        {error}
      </p>
    );
  if (stopped)
    return (
      <div class="no-match" role="status">
        <p class="strong">The search was stopped.</p>
        <div class="acts row">
          <button type="button" class="btn sm" onClick={() => setAgain(again + 1)}>
            Search again
          </button>
        </div>
      </div>
    );
  const files = found?.files;
  const matches = files?.matches;
  const total = files?.size.reduce((sum, bytes) => sum + bytes, 0) ?? 0;
  const selected = path === undefined || !files ? -1 : files.paths.indexOf(path);
  return (
    <>
      {progress && (
        <div class="searching">
          <div class="grow">
            <Meter progress={progress} label="Searching" phase="Searching" />
          </div>
          <button type="button" class="btn sm" onClick={() => stop?.abort(STOPPED)}>
            Stop
          </button>
        </div>
      )}
      {files && (
        <>
          <div class="grp">
            <span role="status">
              {plural(files.count, 'file')}
              {layer !== undefined && ` of what layer ${layer} brought`}
              {matches && files.count > 0 && `, ${plural(matches.reduce((sum, match) => sum + match.count, 0), 'place')}`}
            </span>
            <span class="num">{size(total)}</span>
          </div>
          {files.count === 0 && !progress ? (
            <div class="no-match">
              <p class="strong">
                No file matches {nameText(found.query)} {layer === undefined ? 'in this image' : `in layer ${layer}`}.
              </p>
              <div class="acts row">
                {layer !== undefined && (
                  <button type="button" class="btn sm" onClick={() => setParams({ l: undefined }, 'push')}>
                    Search all layers
                  </button>
                )}
                <button type="button" class="btn sm" onClick={() => setParams({ q: undefined }, 'replace')}>
                  Clear filter
                </button>
              </div>
            </div>
          ) : (
            <VirtualList
              class={`found-list ${matches ? 'with-text' : ''}`}
              label={`Found, ${plural(files.count, 'file')}`}
              count={files.count}
              keyOf={(i) => files.paths[i] ?? ''}
              selected={selected < 0 ? undefined : selected}
              onSelect={(i, how) => {
                const line = matches?.[i]?.line;
                setParams({ f: files.paths[i], n: line ? String(line) : undefined }, how === 'follow' && route.value.params.has('f') ? 'replace' : 'push');
                if (how === 'choose') onEnter();
              }}
              onKey={(event) => {
                if (event.key === '/') onField();
                else if (event.key === 'Escape') setParams({ q: undefined }, 'replace');
                else return;
                event.preventDefault();
              }}
              row={(i) => {
                const match = matches?.[i];
                const folder = files.kind[i] === 1;
                return (
                  <>
                    <span class="code cut">
                      <Name text={`${files.paths[i] ?? ''}${folder ? '/' : ''}`} cut />
                    </span>
                    {matches && (
                      <span class="hit code cut">
                        <span class="dim">{match?.line} </span>
                        <Name text={match?.text.trim() ?? ''} words />
                      </span>
                    )}
                    <span class="num r" title={exactBytes(files.size[i] ?? 0)}>
                      {folder ? '' : size(files.size[i] ?? 0)}
                    </span>
                    <span class="num dim r">
                      <span class="sr">layer </span>
                      {files.layer[i]}
                    </span>
                  </>
                );
              }}
            />
          )}
        </>
      )}
    </>
  );
}

/** Why a search ended that a person stopped. */
const STOPPED = 'stopped by hand';
