// What was verified: every digest, and what is wrong or odd, with its code, its place and the clause it is against.
import { useState } from 'preact/hooks';
import type { Oddity, TarDifference } from '../engine/types.ts';
import { count, percent, plural } from '../lib/format.ts';
import { Name } from '../lib/names.tsx';
import { setParams } from '../lib/route.ts';
import { useStore } from '../lib/store.ts';
import { Digest, Icon, SEVERITY_NAMES, SeverityMark } from '../ui/parts.tsx';
import { Prose } from '../ui/prose.tsx';
import { image, verify, stopVerifying } from './state.ts';

const STATES = { verified: 'verified', failed: 'does not match', unread: 'not read' } as const;
const SEVERITIES = ['error', 'warning', 'info'] as const;

/** What each level says of a verdict. */
const VERDICTS = {
  ok: 'It passes, lenient and strict.',
  flag: 'It passes lenient, and fails strict: something is odd.',
  error: 'It fails: something is wrong.',
} as const;

export function VerifyTab() {
  const { verify: result, verifying, verifyError } = useStore(image);
  if (!result)
    return (
      <div class="sec">
        {verifyError !== undefined ? <p class="bad">{verifyError}</p> : verifying ? <p role="status">Verifying. {verifying.total ? percent(verifying.done, verifying.total) : ''}</p> : <p>The verification was stopped.</p>}
        <div class="acts row cap">
          {verifying ? (
            <button type="button" class="btn sm" onClick={stopVerifying}>
              Stop
            </button>
          ) : (
            <button type="button" class="btn sm" onClick={() => void verify()}>
              Verify
            </button>
          )}
        </div>
      </div>
    );
  return (
    <>
      <p class="sec verify-line">
        <strong>
          {result.verified} of {plural(result.total, 'digest')} verified.
        </strong>{' '}
        {VERDICTS[result.verdict]}
      </p>
      <Findings oddities={result.oddities} />
      <Readers differences={result.differences} />
      <table>
        <caption class="sr">Digests</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">What</th>
            <th scope="col">Digest</th>
          </tr>
        </thead>
        <tbody>
          {result.items.map((item) => (
            <tr>
              <td>
                <span class={`state ${item.state}`}>
                  {item.state === 'verified' ? <Icon name="check" /> : item.state === 'failed' ? <SeverityMark level="error" label={false} /> : <Icon name="wait" />}
                  {STATES[item.state]}
                </span>
              </td>
              <td>
                <Name text={item.what} words />
                {item.problem && (
                  <div class="bad wrap">
                    <Name text={item.problem} words />
                  </div>
                )}
              </td>
              <td>
                <Digest value={item.digest} what={item.what} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Findings({ oddities }: { oddities: readonly Oddity[] }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  if (oddities.length === 0) return null;
  const shown = oddities.filter(({ severity }) => !hidden.has(severity));
  return (
    <section class="sec" aria-label="Findings">
      <div class="row gap">
        <h2>What is wrong or odd</h2>
        <span class="row" role="group" aria-label="Show">
          {SEVERITIES.map((severity) => {
            const n = oddities.filter((oddity) => oddity.severity === severity).length;
            return (
              <button
                type="button"
                class="chip"
                aria-pressed={n > 0 && !hidden.has(severity)}
                disabled={n === 0}
                onClick={() => {
                  const next = new Set(hidden);
                  if (!next.delete(severity)) next.add(severity);
                  setHidden(next);
                }}
              >
                <SeverityMark level={severity} label={false} />
                <span class="num">{count(n)}</span>
                <span class="sr">{SEVERITY_NAMES[severity]}</span>
              </button>
            );
          })}
        </span>
      </div>
      <ul class="oddities">
        {shown.map((oddity) => (
          <li>
            <SeverityMark level={oddity.severity} />
            <div class="grow">
              <div>
                <Prose text={oddity.message} />
                {oddity.count > 1 && <span class="dim"> {count(oddity.count)} times.</span>}
              </div>
              <dl class="place-list xs">
                {oddity.document && (
                  <>
                    <dt>Document</dt>
                    <dd>{/^sha(256|512):[0-9a-f]+$/.test(oddity.document) ? <Digest value={oddity.document} what="document" /> : <Name text={oddity.document} />}</dd>
                  </>
                )}
                {oddity.path && (
                  <>
                    <dt>Path</dt>
                    <dd class="code">
                      <Name text={oddity.path} words />
                    </dd>
                  </>
                )}
                {oddity.layer && (
                  <>
                    <dt>Layer</dt>
                    <dd>
                      {oddity.layerNumber === undefined ? (
                        <Name text={oddity.layer} />
                      ) : (
                        <button type="button" class="link" onClick={() => setParams({ tab: undefined, l: String(oddity.layerNumber), f: oddity.entry?.replace(/^(?:\.?\/)+|\/+$/g, '') || undefined }, 'push')}>
                          Layer {oddity.layerNumber}
                        </button>
                      )}
                    </dd>
                  </>
                )}
                {oddity.entry && (
                  <>
                    <dt>Entry</dt>
                    <dd class="code">
                      <Name text={oddity.entry} />
                    </dd>
                  </>
                )}
                {oddity.clause && (
                  <>
                    <dt>Clause</dt>
                    <dd>{oddity.clause}</dd>
                  </>
                )}
              </dl>
            </div>
            <span class="code dim xs">{oddity.code}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The names of readers as people know them; what none is named for sees what container runtimes see. */
const READERS: Record<string, string> = { go: 'containerd, Docker, podman', gnu: 'GNU tar', python: 'Python', nodeTar: 'npm’s tar', tarStream: 'tar-stream', libarchive: 'bsdtar', others: 'others' };

function Readers({ differences }: { differences: readonly TarDifference[] }) {
  if (differences.length === 0) return null;
  return (
    <section class="sec" aria-label="Readers that differ">
      <h2>Read otherwise by other tools</h2>
      <ul class="oddities">
        {differences.map((difference) => (
          <li>
            <SeverityMark level={difference.changesFiles ? 'warning' : 'info'} />
            <div class="grow">
              <Prose text={difference.what} />
              <dl class="place-list xs">
                {Object.entries(difference.readers).map(([reader, sees]) => (
                  <>
                    <dt>{READERS[reader] ?? reader}</dt>
                    <dd>{sees}</dd>
                  </>
                ))}
                {difference.entries.length > 0 && (
                  <>
                    <dt>At</dt>
                    <dd class="code wrap">
                      {difference.entries.map((entry, i) => (
                        <>
                          {i > 0 && ', '}
                          <Name text={entry} />
                        </>
                      ))}
                      {difference.count > difference.entries.length && `, and ${count(difference.count - difference.entries.length)} more`}
                    </dd>
                  </>
                )}
              </dl>
            </div>
            <span class="code dim xs">{difference.code}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
