// What differs in the settings, and in the steps of the history.
import type { ComparedImage, ConfigRow } from '../engine/types.ts';
import type { DiffLine } from '../lib/diff.ts';
import { Name } from '../lib/names.tsx';
import { Mark } from '../ui/mark.tsx';

export function ConfigSection({ rows, a, b }: { rows: readonly ConfigRow[]; a: ComparedImage; b: ComparedImage }) {
  const value = (text: string | undefined) => (text === undefined ? <span class="dim">not set</span> : <Name text={text} words />);
  return (
    <>
      <div class="ph">
        <h2>Config</h2>
        <span class="count">{rows.length}</span>
      </div>
      {rows.length === 0 ? (
        <p class="sec mid">Both have the same settings.</p>
      ) : (
        <table class="config-table">
          <caption class="sr">Settings that differ</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">
                A<span class="sr">, <Name text={a.name} /></span>
              </th>
              <th scope="col">
                B<span class="sr">, <Name text={b.name} /></span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr>
                <td>
                  <span class="row begin">
                    <Mark change={row.change} />
                    <span class="wrap">
                      <Name text={row.key} words />
                      {row.about && <span class="xs dim"> about the build</span>}
                    </span>
                  </span>
                </td>
                <td class="code wrap">{value(row.a)}</td>
                <td class="code wrap">{value(row.b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

export function HistorySection({ lines }: { lines: readonly DiffLine[] }) {
  const differ = lines.filter((line) => line.kind !== 'same').length;
  return (
    <>
      <div class="ph">
        <h2>History</h2>
        <span class="count">{differ}</span>
      </div>
      {differ === 0 ? (
        <p class="sec mid">{lines.length === 0 ? 'Neither carries a history.' : 'Both were made by the same steps.'}</p>
      ) : (
        <ol class="steps code">
          {lines.map((line) => (
            <li class={line.kind}>
              {line.kind !== 'same' && <span class="sr">{line.kind}: </span>}
              <Name text={line.text} words />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
